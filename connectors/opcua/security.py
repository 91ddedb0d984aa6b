"""Security of an OPC UA session: policy, own certificate, trust list, and who we say that we are.

No security only on loopback or where the plant file says `none`. With security the server's certificate is always
validated against the folder of trusted certificates; one that is not trusted is laid beside it under `rejected`, so
that a person can look at it and move it.
"""

import asyncio
import ipaddress
import socket
from pathlib import Path
from typing import Final
from urllib.parse import urlparse

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.utils import ServiceError
from asyncua.crypto import security_policies
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from connectors.errors import SourceOptionsError, UntrustedServerError
from connectors.opcua.options import OpcUaOptions

_CHECKS: Final = (
    CertificateValidatorOptions.TIME_RANGE
    | CertificateValidatorOptions.URI
    | CertificateValidatorOptions.REVOKED
    | CertificateValidatorOptions.PEER_SERVER
)
_SUFFIXES: Final = frozenset({".der", ".pem"})
"""Files that the library reads as certificates."""


def policy_for(endpoint: str, options: OpcUaOptions) -> str:
    """The policy's name, `none` for no security: what the options say, else none on loopback only."""
    if options.security:
        return options.security
    return "none" if is_loopback(endpoint) else "Basic256Sha256"


def is_loopback(endpoint: str) -> bool:
    """Whether an endpoint's host is this machine by its loopback address or `localhost`."""
    host = urlparse(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def secure(client: Client, endpoint: str, options: OpcUaOptions, folder: Path) -> None:
    """Make the client ready to open its session as the options say; `folder` holds what we own and trust.

    Raises
    ------
    SourceOptionsError
        Where a file that the options name cannot be read.
    """
    client.application_uri = f"urn:{socket.gethostname()}:atlas-live:connector"
    client.name = client.description = "Atlas Live connector"
    try:
        await _identify(client, options)
        policy = policy_for(endpoint, options)
        if policy != "none":
            await _encrypt(client, policy, options, folder)
    except OSError as error:
        if error.filename is None:
            raise
        raise SourceOptionsError(f"{error.filename} cannot be read ({error.strerror}); name a readable file") from error


async def _identify(client: Client, options: OpcUaOptions) -> None:
    if options.username:
        client.set_user(options.username)
        client.set_password((await asyncio.to_thread(Path(options.password_file).read_text)).strip())
    if options.user_certificate:
        await client.load_client_certificate(options.user_certificate)
        await client.load_private_key(Path(options.user_private_key))


async def _encrypt(client: Client, policy: str, options: OpcUaOptions, folder: Path) -> None:
    certificate, key = Path(options.certificate), Path(options.private_key)
    if not options.certificate:
        certificate, key = folder / "own" / "certificate.der", folder / "own" / "key.pem"
        await client.setup_self_signed_certificate(key, certificate)
        await asyncio.to_thread(key.chmod, 0o600)
    trusted = Path(options.trusted) if options.trusted else folder / "trusted"
    revoked = trusted.with_name("revoked")
    for needed in (trusted, revoked, folder / "rejected"):
        await asyncio.to_thread(needed.mkdir, parents=True, exist_ok=True)
    known = await asyncio.to_thread(_certificates_in, trusted)
    store = TrustStore([trusted], [revoked])
    await store.load_crl()
    if known:  # The library fails on an empty list; without one it trusts nobody, as it should.
        await store.load_trust()
    client.certificate_validator = _Validator(known, store, trusted, folder / "rejected")
    await client.set_security(
        getattr(security_policies, f"SecurityPolicy{policy}"),
        certificate,
        key,
        mode=getattr(ua.MessageSecurityMode, options.mode),
    )


def _certificates_in(folder: Path) -> list[x509.Certificate]:
    """The certificates of a folder, by name; raises `SourceOptionsError` where a file holds none."""
    found: list[x509.Certificate] = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _SUFFIXES:
            continue
        content = path.read_bytes()
        try:
            pem = content.lstrip().startswith(b"-----BEGIN")
            found.append(x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content))
        except ValueError as error:
            raise SourceOptionsError(f"{path} holds no certificate ({error}); remove it, or put one there") from error
    return found


class _Validator:
    """Asks the trust list, and lays a certificate that isn't trusted where a person finds it."""

    def __init__(self, known: list[x509.Certificate], store: TrustStore, trusted: Path, rejected: Path) -> None:
        self._known = known
        self._store = store
        self._validator = CertificateValidator(_CHECKS, store)
        self._trusted = trusted
        self._rejected = rejected

    async def __call__(self, certificate: x509.Certificate, server: ua.ApplicationDescription) -> None:
        print_ = certificate.fingerprint(hashes.SHA256()).hex()
        try:
            await self._validator.validate(certificate, server)
        except ServiceError as error:
            name = ua.StatusCode(ua.UInt32(error.code)).name
            raise UntrustedServerError(
                f"the server's certificate {print_} is not valid ({name}); have the server's owner renew it"
            ) from error
        # One that lies in the folder itself is trusted, whoever issued it; the library asks for its issuer alone.
        if certificate in self._known or self._store.is_trusted(certificate):
            return
        path = self._rejected / f"{print_[:32]}.der"
        await asyncio.to_thread(path.write_bytes, certificate.public_bytes(Encoding.DER))
        raise UntrustedServerError(
            f"the server's certificate {print_} is not trusted; if it is the plant's, move {path} to {self._trusted}"
        )
