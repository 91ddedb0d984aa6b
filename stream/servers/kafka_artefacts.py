"""Apache Kafka's jars, fetched by Maven from wherever the machine's Maven is set up to look."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from pathlib import Path

from stream.servers.errors import ServerError, ServerMissingError
from stream.servers.file_lock import file_lock
from stream.servers.port import Progress

KAFKA_VERSION = "4.4.0"
_LOG4J_VERSION = "2.25.5"
_ARTEFACTS = (
    ("org.apache.kafka", "kafka_2.13", KAFKA_VERSION),
    ("org.apache.logging.log4j", "log4j-core", _LOG4J_VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", _LOG4J_VERSION),
)
_FETCH_S = 600.0


def kafka_jars(cache: Path, progress: Progress) -> Path:
    """Return the folder of jars below `cache`; fetched the first time (about 55 MB)."""
    folder = cache / f"kafka-{KAFKA_VERSION}"
    with file_lock(cache / "kafka.lock"):
        if not folder.exists():
            progress(f"fetching Apache Kafka {KAFKA_VERSION} with Maven")
            _fetch(folder)
    return folder


def java() -> str | None:
    """Return the Java runtime on the path, or None."""
    return shutil.which("java")


def missing() -> str | None:
    """Return what is missing to run Apache Kafka from its artefacts, or None."""
    lacking = [
        name for name, program in (("a JDK (17 or later)", "java"), ("Maven", "mvn")) if not shutil.which(program)
    ]
    return " and ".join(lacking) or None


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerMissingError("Apache Kafka needs Maven", remedy="apt-get install --yes maven default-jdk-headless")
    draft = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}")
    draft.mkdir(parents=True)
    try:
        (draft / "pom.xml").write_text(_pom())
        goal = ["--batch-mode", "--quiet", "--file", str(draft / "pom.xml"), "dependency:copy-dependencies"]
        # Maven is the user's: its settings, proxies and home count, so it gets the whole environment.
        result = subprocess.run(  # noqa: S603 - a fixed command, without a shell
            [maven, *goal, f"-DoutputDirectory={draft}", "-DincludeScope=runtime"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_FETCH_S,
            check=False,
        )
        if result.returncode != 0:
            reason = (result.stdout + result.stderr).strip()[-2000:]
            raise ServerError(f"Maven could not fetch Kafka: {reason}", remedy="check that mvn reaches its repository")
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _pom() -> str:
    dependencies = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artefact}</artifactId>"
        f"<version>{version}</version></dependency>"
        for group, artefact, version in _ARTEFACTS
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>atlas</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
