"""Serve an account on an address."""

from __future__ import annotations

import asyncio
import socket

from aiohttp import web

from airflow_provider_clevertap.emulator.account import EmulatedAccount
from airflow_provider_clevertap.emulator.http.app import build_runner

LOOPBACK = "127.0.0.1"


async def serve(
    account: EmulatedAccount, host: str, port: int, bound: socket.socket | None = None
) -> tuple[web.AppRunner, int]:
    """Serve an account; return the runner, whose ``cleanup()`` stops it, and the port.

    :param host: the address to listen on.
    :param port: the port; 0 for a free one.
    :param bound: a socket that has an address already, to use instead of both.
    """
    account.stopping.clear()
    runner = build_runner(account)
    await runner.setup()
    await (web.TCPSite(runner, host, port) if bound is None else web.SockSite(runner, bound)).start()
    return runner, int(runner.addresses[0][1])


async def cancel_other_tasks() -> None:
    """End the tasks of connections that are still open: a loop that is closed with them logs an error for each."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
