from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.raw_server import RawServer, Script, StartServer


@pytest.fixture
def serve() -> Iterator[StartServer]:
    """Start servers by script; all of them end with the test."""
    with ExitStack() as stack:

        def start(script: Script, tls: ssl.SSLContext | None = None) -> RawServer:
            server = RawServer(script, tls)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def write_certificate(path: Path, address: str = "127.0.0.1", *, days: tuple[int, int] = (-1, 1)) -> Path:
    """Write a certificate that nobody has signed, with its key, in one file; ``days`` says when it is valid."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    begins, ends = (datetime.now(UTC) + timedelta(days=day) for day in days)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begins, ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a certificate for 127.0.0.1."""
    return write_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    return serving(certificate)


@pytest.fixture
def unfit_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ssl.SSLContext]:
    """Serve with a certificate that is vouched for, but is for another address or another time."""

    def make(address: str, days: tuple[int, int]) -> ssl.SSLContext:
        path = write_certificate(tmp_path / "unfit.pem", address, days=days)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        return serving(path)

    return make
