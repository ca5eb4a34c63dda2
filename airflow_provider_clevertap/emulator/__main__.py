"""``python -m airflow_provider_clevertap.emulator``: start an emulator, stop it with Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sqlite3
import sys
from pathlib import Path

import msgspec

from airflow_provider_clevertap.emulator.options import add_settings, read_settings
from airflow_provider_clevertap.emulator.settings import (
    DEFAULT_ACCOUNT_ID,
    DEFAULT_PASSCODE,
    Credentials,
    Settings,
)

USAGE_ERROR = 2


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_clevertap.emulator",
        description="A local CleverTap to try loads on and to test DAGs with. Its start page shows what has arrived.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    add("--allow-remote", action="store_true", help="let --host be an address other machines can reach")
    add("--port", type=int, default=8077, help="port, 0 for a free one (default %(default)s)")
    add("--ready-file", type=Path, metavar="FILE", help="write the address to this file once it answers")
    add("--database", default=":memory:", metavar="FILE", help="SQLite file to store what arrives (default: memory)")
    add("--account-id", default=DEFAULT_ACCOUNT_ID, help="account id to expect (default %(default)s)")
    add("--passcode", default=DEFAULT_PASSCODE, help="passcode to expect (default %(default)s)")
    add_settings(parser)
    return parser


async def _run(options: argparse.Namespace, settings: Settings) -> None:
    from airflow_provider_clevertap.emulator.account import EmulatedAccount
    from airflow_provider_clevertap.emulator.http.serving import serve

    account = EmulatedAccount(Credentials(options.account_id, options.passcode), settings, options.database)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        (runner, port) = await serve(account, options.host, options.port)
        host = f"[{options.host}]" if ":" in options.host else options.host
        _announce(f"http://{host}:{port}", options.ready_file)
        await stop.wait()
        await runner.cleanup()
    finally:
        account.close()


def _announce(url: str, ready_file: Path | None) -> None:
    sys.stdout.write(f"listening on {url}\n")
    sys.stdout.flush()
    if ready_file:
        unfinished = ready_file.with_name(ready_file.name + ".part")
        unfinished.write_text(url + "\n")
        unfinished.replace(ready_file)


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator until a signal stops it; return the exit status."""
    parser = _arguments()
    options = parser.parse_args(arguments)
    try:
        from airflow_provider_clevertap.emulator.http.admin import is_loopback
    except ModuleNotFoundError as missing:
        sys.stderr.write(f"The emulator needs {missing.name}: pip install 'airflow-provider-clevertap[emulator]'\n")
        return USAGE_ERROR
    if not options.allow_remote and not is_loopback(options.host):
        parser.error(f"--host {options.host} can be reached by other machines: add --allow-remote to allow it")
    try:
        settings = read_settings(options)
    except msgspec.MsgspecError as error:
        parser.error(str(error))
    try:
        asyncio.run(_run(options, settings))
    except (OSError, OverflowError, sqlite3.Error) as error:
        sys.stderr.write(f"The emulator cannot start: {error}\n")
        return USAGE_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
