#!/usr/bin/env python3
"""Writes a container image without a container engine: an OCI archive with one layer, made of files of this machine.

The same input makes the same bytes, so an unchanged image is recognised as such. Programs bring the shared libraries
that they are linked to (--program), as the dynamic linker of this machine names them. Load the archive with
`ctr -n k8s.io images import ARCHIVE`, and give images full names (docker.io/...).
"""

import argparse
import hashlib
import io
import json
import os
import platform
import re
import subprocess
import sys
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", required=True, help="the archive to write")
    parser.add_argument("--name", required=True, action="append", help="full name of the image; may be repeated")
    parser.add_argument("--entrypoint", required=True, help="program and arguments, separated by spaces")
    parser.add_argument("--file", action="append", default=[], metavar="SOURCE:PATH", help="a file or folder")
    parser.add_argument("--program", action="append", default=[], metavar="SOURCE:PATH", help="a program, with its shared libraries")
    parser.add_argument("--text", action="append", default=[], metavar="PATH=TEXT", help="a small text file")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--user", default="", help="numeric user and group that run the program")
    return parser.parse_args()


def shared_libraries(program):
    """Paths of the libraries that a program loads at its start; none if it is linked statically."""
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    if "not found" in listing.stdout:
        sys.exit(f"mkimage.py: libraries of {program} are missing on this machine:\n{listing.stdout}")
    return sorted(set(re.findall(r"(?:=> |^\t)(/\S+) \(0x", listing.stdout, re.MULTILINE)))


def contents(options):
    """What the image holds: path in the image to a file of this machine (str) or to its bytes."""
    found = {}
    for spec in options.file + options.program:
        source, separator, path = spec.partition(":")
        if not separator or not path.startswith("/"):
            sys.exit(f"mkimage.py: expected SOURCE:/PATH, got {spec!r}")
        if not os.path.exists(source):
            sys.exit(f"mkimage.py: {source} does not exist")
        if os.path.isdir(source):
            for folder, _, names in os.walk(source):
                for name in names:
                    file = os.path.join(folder, name)
                    found[os.path.join(path, os.path.relpath(file, source))] = file
        else:
            found[path] = source
    for spec in options.program:
        for library in shared_libraries(spec.partition(":")[0]):
            found[library] = library
    for spec in options.text:
        path, _, text = spec.partition("=")
        found[path] = text.encode().decode("unicode_escape").encode()
    return found


def layer(files):
    """A tar with fixed owners and times. Links are followed: what they point to may not be part of the image."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        temporary = tarfile.TarInfo("tmp")
        temporary.type, temporary.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(temporary)
        for path, source in sorted(files.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            if isinstance(source, bytes):
                data, entry.mode = source, 0o644
            else:
                with open(source, "rb") as file:
                    data = file.read()
                entry.mode = 0o755 if os.access(source, os.X_OK) else 0o644
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def write(options):
    blobs = {}

    def blob(media_type, data):
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    filesystem = blob(LAYER, layer(contents(options)))
    machine = platform.machine()
    config = {
        "architecture": ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {"Entrypoint": options.entrypoint.split(" "), "Env": options.env, "User": options.user},
        "rootfs": {"type": "layers", "diff_ids": [filesystem["digest"]]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blob(CONFIG, json.dumps(config).encode()),
        "layers": [filesystem],
    }
    described = blob(MANIFEST, json.dumps(manifest).encode())
    index = {
        "schemaVersion": 2,
        "manifests": [{**described, "annotations": {"io.containerd.image.name": name}} for name in options.name],
    }
    entries = {
        "oci-layout": json.dumps({"imageLayoutVersion": "1.0.0"}).encode(),
        "index.json": json.dumps(index).encode(),
        **blobs,
    }
    with tarfile.open(options.output, "w") as archive:
        for name, data in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


if __name__ == "__main__":
    write(arguments())
