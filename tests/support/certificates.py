"""Certificates for servers on loopback, and what trusts them."""

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate_for(host: str, folder: Path) -> tuple[tuple[str, str], ssl.SSLContext]:
    """Return the files of a new certificate and its key, and a context that trusts only it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    of_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    files = (folder / "certificate.pem", folder / "key.pem")
    for file, content in zip(
        files, (certificate.public_bytes(serialization.Encoding.PEM), of_key), strict=True
    ):
        file.write_bytes(content)
    trusted = ssl.create_default_context(cafile=str(files[0]))
    return (str(files[0]), str(files[1])), trusted
