"""`kagemusha serve --tls`: HTTPS with an authority of its own, and the commands and clients that trust it."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from commands import Run, Server, serving
from cryptography.x509 import DNSName, IPAddress, SubjectAlternativeName, load_pem_x509_certificate
from kagemusha.certificates import RENEWED, CertificateProblem, authority_file, ensure, server_file
from kagemusha.clock import system_now, to_datetime
from trustme import CA

HEROKU = Path(__file__).parents[1] / "clients" / "node" / "node_modules" / ".bin" / "heroku"

AWS = ("--aws-upstream", "http://127.0.0.1:1")
"""An emulator of its own, which several workers need: nothing here asks it."""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of the test's own, for this process and those that it starts; the folder of certificates."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("KAGEMUSHA_CA", raising=False)
    return tmp_path / "kagemusha" / "tls"


@pytest.fixture
def server(data: Path) -> Iterator[Server]:
    """A server that keeps its authority in the data directory."""
    with serving("--tls", "--database", f"sqlite:///{data.parent}/world.db") as running:
        yield running


def health(url: str, authority: Path) -> int:
    """The status of an answer to a client that trusts `authority` alone."""
    return httpx.get(f"{url}/_sim/health", verify=ssl.create_default_context(cafile=authority)).status_code


def names(folder: Path, host: str) -> set[str]:
    """The names and addresses in the certificate of a server that listens on `host`."""
    found = load_pem_x509_certificate(server_file(folder, host).read_bytes())
    told = found.extensions.get_extension_for_class(SubjectAlternativeName).value
    return {*told.get_values_for_type(DNSName), *map(str, told.get_values_for_type(IPAddress))}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_only_who_trusts_the_authority_gets_an_answer(data: Path, workers: str) -> None:
    """The ready line is an https URL; a client with ca.pem is answered there and at localhost, one without refuses."""
    with serving("--tls", "--database", f"sqlite:///{data.parent}/world.db", "--workers", workers, *AWS) as server:
        assert server.url.startswith("https://127.0.0.1:")
        assert health(server.url, authority_file(data)) == 200
        assert health(server.url.replace("127.0.0.1", "localhost"), authority_file(data)) == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{server.url}/_sim/health")
        assert server.ends(server.process.terminate) == (0, "")


def test_the_authority_outlives_the_server(data: Path) -> None:
    """What a client trusted before a restart it trusts after, and keys are for their owner alone."""
    database = ("--database", f"sqlite:///{data.parent}/world.db")
    kept = []
    for _ in range(2):
        with serving("--tls", *database) as server:
            kept.append(authority_file(data).read_bytes())
            assert health(server.url, authority_file(data)) == 200
    assert kept[0] == kept[1]
    modes = {each.name: each.stat().st_mode & 0o777 for each in data.iterdir()}
    assert modes == {"authority.pem": 0o600, "localhost.pem": 0o600, "ca.pem": 0o644}
    assert b"PRIVATE" not in kept[0]


def test_what_keeps_nothing_keeps_no_authority(data: Path, tmp_path: Path) -> None:
    """With --ephemeral the authority is the run's own; where it is goes to stderr, and it is gone at the end."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with serving("--tls", "--ephemeral", "--workers", "2", *AWS, TMPDIR=str(temporary)) as server:
        [authority] = temporary.glob("*/ca.pem")
        assert health(server.url, authority) == 200
        assert not data.exists()
        code, said = server.ends(server.process.terminate)
    assert (code, said) == (0, f"kagemusha: commands know this server by KAGEMUSHA_CA={authority}\n")
    assert list(temporary.iterdir()) == []


def test_a_certificate_is_renewed_in_time(tmp_path: Path) -> None:
    """One that is good for long stays; one that ends soon, is another authority's or can't be read is made anew."""
    ensure(tmp_path, "127.0.0.1")
    leaf = server_file(tmp_path, "127.0.0.1")
    good = leaf.read_bytes()
    ensure(tmp_path, "localhost")
    assert leaf.read_bytes() == good
    pem = (tmp_path / "authority.pem").read_bytes()
    soon = to_datetime(system_now()) + RENEWED - timedelta(minutes=1)
    ending = CA.from_pem(pem, pem).issue_cert("localhost", not_after=soon).private_key_and_cert_chain_pem.bytes()
    for bad in (ending, CA().issue_cert("localhost").private_key_and_cert_chain_pem.bytes(), b"", b"no certificate"):
        leaf.write_bytes(bad)
        ensure(tmp_path, "127.0.0.1")
        assert leaf.read_bytes() not in {bad, good}
    assert (tmp_path / "authority.pem").read_bytes() == pem


def test_the_certificate_names_the_host(tmp_path: Path) -> None:
    """A certificate is for this machine's names and the host given, which an address that stands for all is not."""
    here = {"localhost", "127.0.0.1", "::1"}
    for host in ("localhost", "build.example", "192.0.2.7", "0.0.0.0", "::"):
        ensure(tmp_path, host)
    assert names(tmp_path, "localhost") == names(tmp_path, "0.0.0.0") == names(tmp_path, "::") == here
    assert names(tmp_path, "build.example") == here | {"build.example"}
    assert names(tmp_path, "192.0.2.7") == here | {"192.0.2.7"}


def test_servers_that_start_at_once_share_one_authority(tmp_path: Path) -> None:
    """However many processes make the authority, there is one, and it vouches for every certificate."""
    made = "import sys, pathlib, kagemusha.certificates as c; c.ensure(pathlib.Path(sys.argv[1]), sys.argv[2])"
    hosts = [f"host-{number}.example" for number in range(4)]
    env = os.environ | {"PYTHONPATH": ":".join(sys.path)}
    racing = [subprocess.Popen([sys.executable, "-c", made, str(tmp_path / "tls"), host], env=env) for host in hosts]
    assert [each.wait(30) for each in racing] == [0] * len(hosts)
    authority = load_pem_x509_certificate(authority_file(tmp_path / "tls").read_bytes())
    for host in hosts:
        found = load_pem_x509_certificate(server_file(tmp_path / "tls", host).read_bytes())
        found.verify_directly_issued_by(authority)


def test_what_can_be_no_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An odd place, a file that is no authority, an odd host and a missing package are told, with what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(CertificateProblem, match="see that it is a folder you may write"):
        ensure(tmp_path / "file", "localhost")
    with pytest.raises(CertificateProblem, match="use a host name, or an address in full"):
        ensure(tmp_path / "tls", "a_b\udcff")
    (tmp_path / "tls" / "authority.pem").write_text("nothing")
    with pytest.raises(CertificateProblem, match="move it away, and another is made"):
        ensure(tmp_path / "tls", "localhost")
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(CertificateProblem, match=r"pip install 'kagemusha\[tls\]'"):
        ensure(tmp_path / "tls", "localhost")


def test_a_server_without_certificates_does_not_start(run: Run, data: Path) -> None:
    """What keeps the certificates from being made is one line, before anything is served."""
    data.parent.mkdir(parents=True)
    data.touch()
    said = run("serve", "--tls", "--port", "0", "--database", f"sqlite:///{data.parent}/world.db")
    assert said.code == 1
    assert (
        said.err
        == f"kagemusha: Can't keep certificates in {data} (File exists): see that it is a folder you may write.\n"
    )


def test_commands_trust_the_authority_of_the_data_directory(run: Run, server: Server, data: Path) -> None:
    """Commands talk to a server whose authority is where servers keep it; env names the URL and the authority."""
    assert run("sandbox", "create", "ci", "--url", server.url).code == 0
    values = json.loads(run("env", "--sandbox", "ci", "--url", server.url, "--json").out)
    assert values["HEROKU_HOST"] == values["HEROKU_API_URL"] == values["AWS_ENDPOINT_URL"] == server.url
    assert values["HEROKU_DATA_HOST"] == "127.0.0.1"
    assert values["NODE_EXTRA_CA_CERTS"] == values["AWS_CA_BUNDLE"] == str(authority_file(data))
    assert {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}.isdisjoint(values)


def test_an_authority_that_is_not_known_is_told(
    run: Run, server: Server, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From elsewhere the authority is named by KAGEMUSHA_CA; without it, or with a wrong one, the command says so."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    said = run("sandbox", "list", "--url", server.url)
    assert (said.code, said.out) == (1, "")
    assert (
        said.err
        == f"kagemusha: Nobody that is trusted vouches for {server.url}: set KAGEMUSHA_CA to the server's ca.pem.\n"
    )
    monkeypatch.setenv("KAGEMUSHA_CA", str(authority_file(data)))
    assert run("sandbox", "list", "--url", server.url).code == 0
    for wrong in (tmp_path / "nowhere", Path(__file__)):
        monkeypatch.setenv("KAGEMUSHA_CA", str(wrong))
        said = run("sandbox", "list", "--url", server.url)
        assert said.code == 1
        assert f"KAGEMUSHA_CA={wrong} can't be read" in said.err


def test_plain_http_needs_no_authority(run: Run, live: str, data: Path) -> None:
    """On a server without TLS env names no authority, whether there is one or not."""
    ensure(data, "localhost")
    assert "NODE_EXTRA_CA_CERTS" not in json.loads(run("env", "--url", live, "--json").out)


def test_the_demo_walks_over_tls(run: Run, server: Server) -> None:
    """`kagemusha demo --url https://…` comes to the config var; its requests, AWS's too, trust the authority."""
    said = run("demo", "--url", server.url)
    assert said.code == 0, said.err
    assert "REDIS_ENDPOINT_" in said.out
    assert "$ aws ec2 create-vpc-endpoint" in said.out


def test_the_heroku_cli_works_with_what_env_prints(run: Run, server: Server, tmp_path: Path) -> None:
    """The unmodified CLI trusts the server with what `kagemusha env` prints, and without its authority doesn't."""
    assert HEROKU.exists(), "the heroku CLI is not installed: run `make test`"
    printed = json.loads(run("env", "--url", server.url, "--json").out)
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / "git")}

    def heroku(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([HEROKU, *arguments], env=home | env, capture_output=True, text=True, timeout=120,
                              stdin=subprocess.DEVNULL)  # fmt: skip

    whoami = heroku(printed, "auth:whoami")
    assert (whoami.returncode, whoami.stdout) == (0, "default@kagemusha.example\n")
    regions = heroku(printed, "regions", "--private")
    assert regions.returncode == 0
    assert "virginia" in regions.stdout
    del printed["NODE_EXTRA_CA_CERTS"]
    assert "certificate" in heroku(printed, "regions").stderr
