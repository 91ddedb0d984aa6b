"""Encrypted sessions with a server of another make: who it is, and who we are, is told in the plant file's options."""

import shutil
import stat

import pytest

SECURE = {"security": "Basic256Sha256", "mode": "SignAndEncrypt"}


async def test_a_certificate_that_is_not_trusted_is_refused_until_a_person_moves_it(node_field, line_to, until):
    field = await node_field()
    line = line_to(field.endpoint, **SECURE)
    await line.start()
    await until(lambda: line.reports, "a report")
    pki = line.context.folder / "pki"
    (rejected,) = (pki / "rejected").glob("*.der")
    ok, words = line.reports[0]
    assert not ok
    assert f"if it is the plant's, move {rejected} to {pki / 'trusted'}" in words
    assert line.batches() == []
    shutil.move(rejected, pki / "trusted")
    await until(lambda: len(line.readings(5)) > 3, "values once it is trusted")
    assert line.up
    assert stat.S_IMODE((pki / "own" / "key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("options", [{}, SECURE], ids=["plain", "encrypted"])
async def test_a_user_is_let_in_with_the_right_password_alone(tmp_path, node_field, line_to, until, options):
    field = await node_field(users={"operator": "right"})
    password = tmp_path / "password"
    password.write_text("wrong\n")
    line = line_to(field.endpoint, username="operator", password_file=str(password), **options)
    await line.start()
    if options:
        await until(lambda: list(line.context.folder.glob("pki/rejected/*.der")), "the server's certificate")
        (certificate,) = line.context.folder.glob("pki/rejected/*.der")
        shutil.move(certificate, line.context.folder / "pki" / "trusted")
    await until(lambda: line.reports and "check username and password_file" in line.reports[-1][1], "the refusal")
    assert line.batches() == []
    password.write_text("right\n")
    await until(lambda: len(line.readings(5)) > 3, "values with the right password")
