"""The clinic's seal: its own key, kept beside the database, and whether a file carries that seal unbroken.

The seal says that this clinic issued the file and that nothing in it has changed since. It is no qualified
signature, and no authority vouches for the key: whoever has the portal's folder could seal.
"""

import fcntl
import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import settings
from clock import now

GENUINE, CHANGED, ANOTHERS, UNSEALED = "genuine", "changed", "another's", "unsealed"
FIELD = "ClinicSeal"
FOR_EVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280: no well-defined end
LONGEST_NAME = 64  # bytes, of a certificate's owner
RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]")
MOST_SEALS = 20  # ranges looked at in one file
LONGEST_SEAL = 64 * 1024  # hexadecimal digits; ours has fewer than a quarter of them


class Locked(Exception):
    """The key file is there, but not for this SECRET_KEY; the reason is for whoever runs the portal."""

    def __init__(self):
        super().__init__()
        self.reason = "The clinic's key, seal.p12, was made under another SECRET_KEY and cannot be opened with this one"


def sign(pdf: bytes, clinic_name: str) -> bytes:
    """The PDF with the clinic's seal: a PAdES certification that forbids every later change. Raises Locked.

    The first call makes the key, under the name that the clinic has then; a renamed clinic keeps its key.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    hidden = fields.InvisSigSettings(set_print_flag=False, set_hidden_flag=True)  # PDF/UA: nothing untagged shows
    certified = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES, name=clinic_name,
    )  # fmt: skip
    signer = signers.PdfSigner(
        certified,
        signer=signers.SimpleSigner.load_pkcs12_data(_key_file(clinic_name).read_bytes(), [], _passphrase()),
        new_field_spec=fields.SigFieldSpec(FIELD, invis_sig_settings=hidden),
    )
    out = BytesIO()
    signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), output=out)
    return out.getvalue()


def intact(file: bytes) -> str:
    """GENUINE, CHANGED, ANOTHERS or UNSEALED. Never raises, whatever the file is.

    The file is not read as a PDF, so nothing in it can be a trap: the seal names the bytes it covers, and they
    must be all but the seal itself, and the seal must be, to the letter, one that our key made for them.
    """
    ours = certificate()
    ranges = RANGE.findall(file)
    if ours and any(_sealed(file, [int(number) for number in each], ours) for each in ranges[-MOST_SEALS:]):
        return GENUINE
    if ours and _traces(file, ours):
        return CHANGED
    return ANOTHERS if ranges else UNSEALED


def certificate():
    """Our certificate, as pyHanko reads it; None while nothing was ever sealed, or when the key cannot be opened."""
    path = settings.current().data_dir / "seal.p12"
    try:
        return _opened(path, path.stat().st_mtime_ns, _passphrase())
    except (FileNotFoundError, Locked):
        return None


@lru_cache(maxsize=4)
def _opened(path: Path, _written: int, passphrase: bytes):
    from asn1crypto import x509
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

    try:
        _, found, _ = pkcs12.load_key_and_certificates(path.read_bytes(), passphrase)
    except ValueError as fault:
        raise Locked from fault
    return x509.Certificate.load(found.public_bytes(Encoding.DER))


def _sealed(file: bytes, numbers: list[int], ours) -> bool:
    start, before, after, rest = numbers
    seal = file[before:after]
    if start != 0 or before >= after or after + rest != len(file) or len(seal) > LONGEST_SEAL:
        return False
    if not re.fullmatch(rb"<(?:[0-9A-F]{2})+>", seal):
        return False
    covered = sha256(file[:before])
    covered.update(file[after:])
    return _made_by(ours, bytes.fromhex(seal[1:-1].decode()), covered.digest())


def _made_by(ours, packed: bytes, digest: bytes) -> bool:
    """Whether these bytes are, padding aside, a signature of this digest by our key, packed as we pack it."""
    from asn1crypto import cms
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    try:
        read = cms.ContentInfo.load(packed, strict=False)["content"]["signer_infos"][0]
        expected = _packed(ours, read["signed_attrs"], read["signature"])
        if expected != packed[: len(expected)] or packed[len(expected) :].strip(b"\0"):
            return False
        signer = cms.ContentInfo.load(expected)["content"]["signer_infos"][0]
        return all(validate_sig_integrity(signer, ours, "data", digest))
    except Exception:  # what a stranger packed can be wrong in any way; then it is not ours
        return False


def _packed(ours, attributes, signature) -> bytes:
    """A seal of ours has these parts and no others, so that not one letter outside of the signed ones can differ."""
    from asn1crypto import cms

    sha = {"algorithm": "sha256"}
    named = cms.IssuerAndSerialNumber({"issuer": ours.issuer, "serial_number": ours.serial_number})
    signer = {
        "version": "v1", "sid": cms.SignerIdentifier(name="issuer_and_serial_number", value=named),
        "digest_algorithm": sha, "signed_attrs": attributes, "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": signature,
    }  # fmt: skip
    content = {
        "version": "v1", "digest_algorithms": [sha], "encap_content_info": {"content_type": "data"},
        "certificates": [cms.CertificateChoices(name="certificate", value=ours)], "signer_infos": [signer],
    }  # fmt: skip
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)}).dump()


def _traces(file: bytes, ours) -> bool:
    """Whether a seal of ours was in this file, even if a letter of it was changed."""
    point, signed = ours.public_key["public_key"].native, ours["signature_value"].native
    parts = (point[1:33], point[33:65], signed[4:32], signed[-28:])  # what no other certificate has
    return any(part.hex().upper().encode() in file for part in parts)


def _passphrase() -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"foyer: the clinic's seal")
    return key.derive(settings.current().secret_key.encode()).hex().encode()


def _key_file(clinic_name: str) -> Path:
    """The key's file, made if there is none; two that need it at once make one. A key is never overwritten."""
    folder = settings.current().data_dir
    path = folder / "seal.p12"
    if not path.exists():
        with open(os.open(folder / "seal.lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                _write_once(path, _new_key(clinic_name))
    _opened(path, path.stat().st_mtime_ns, _passphrase())  # Locked, in words, before pyHanko says it in its own
    return path


def _write_once(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.link(unfinished, path)  # unlike a renaming, it fails if there is one
    unfinished.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _new_key(clinic_name: str) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    owner = " ".join(clinic_name.split()).encode()[:LONGEST_NAME].decode(errors="ignore").strip() or "Foyer"
    name = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, owner), x509.NameAttribute(NameOID.COMMON_NAME, owner),
    ])  # fmt: skip
    uses = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(FOR_EVER)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **uses), critical=True)
        .sign(key, SHA256())
    )
    return pkcs12.serialize_key_and_certificates(b"Foyer", key, made, None, BestAvailableEncryption(_passphrase()))
