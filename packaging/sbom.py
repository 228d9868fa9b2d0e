#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The bill of materials of a release, as SPDX 2.3 in JSON on standard output.

    SOURCE_DATE_EPOCH=... packaging/sbom.py VERSION TARBALL [PACKAGE.deb|PACKAGE.rpm ...]

It holds every file of the source tarball with its sums and the licence that the file states, the
binary packages with their sums, and, for Debian packages, what they depend on, down to the last
package, with the versions that are installed here: those it was built and tested with.

Nothing is guessed. A licence is an SPDX-License-Identifier of the file, or what the paragraph
"Files: *" of a machine-readable /usr/share/doc/PACKAGE/copyright says, if its short name is one of
LICENCES below; everything else is NOASSERTION. A dependency that is not installed here has no
version. RPM packages name libraries and not packages, so they are listed without dependencies.
"""
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import uuid

UNKNOWN = "NOASSERTION"

# Short names of Debian's copyright files that mean a licence of SPDX's list.
LICENCES = {
    "Apache-2.0": "Apache-2.0",
    "Artistic": "Artistic-1.0-Perl",
    "BSD-2-clause": "BSD-2-Clause",
    "BSD-3-clause": "BSD-3-Clause",
    "CC0-1.0": "CC0-1.0",
    "Expat": "MIT",
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3": "GPL-3.0-only",
    "GPL-3+": "GPL-3.0-or-later",
    "ISC": "ISC",
    "LGPL-2": "LGPL-2.0-only",
    "LGPL-2+": "LGPL-2.0-or-later",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "LGPL-3": "LGPL-3.0-only",
    "LGPL-3+": "LGPL-3.0-or-later",
    "MIT": "MIT",
    "MPL-2.0": "MPL-2.0",
    "Zlib": "Zlib",
}
LICENCES_FOLDED = {name.lower(): spdx for name, spdx in LICENCES.items()}


def identifier(*parts):
    return "SPDXRef-" + "-".join(re.sub(r"[^A-Za-z0-9.]", "-", part) for part in parts)


def file_sum(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# ---- the source ---------------------------------------------------------------------------------

def stated_licence(data):
    """Of the first lines, where a licence is stated; a template's line further down is not it."""
    head = b"\n".join(data.split(b"\n")[:5])
    found = re.search(rb"SPDX-License-Identifier: ([A-Za-z0-9.+-]+)", head)
    return found.group(1).decode() if found else UNKNOWN


def source_files(tarball):
    files = []
    with tarfile.open(tarball) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            if not member.isfile():
                continue
            data = archive.extractfile(member).read()
            licence = stated_licence(data)
            name = member.name.split("/", 1)[1]
            files.append({
                "SPDXID": identifier("File", str(len(files) + 1)),
                "fileName": "./" + name,
                "checksums": [
                    {"algorithm": "SHA1", "checksumValue": hashlib.sha1(data).hexdigest()},
                    {"algorithm": "SHA256", "checksumValue": hashlib.sha256(data).hexdigest()},
                ],
                "licenseConcluded": UNKNOWN,
                "licenseInfoInFiles": [licence],
                "copyrightText": UNKNOWN,
            })
    return files


def verification_code(files):
    """As section 7.9 of SPDX 2.3 defines it."""
    sums = sorted(file["checksums"][0]["checksumValue"] for file in files)
    return hashlib.sha1("".join(sums).encode()).hexdigest()


def source_package(version, tarball, files):
    stated = sorted({file["licenseInfoInFiles"][0] for file in files} - {UNKNOWN})
    return {
        "SPDXID": identifier("Source"),
        "name": "lrhost",
        "versionInfo": version,
        "packageFileName": os.path.basename(tarball),
        "primaryPackagePurpose": "SOURCE",
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": True,
        "packageVerificationCode": {"packageVerificationCodeValue": verification_code(files)},
        "checksums": [{"algorithm": "SHA256", "checksumValue": file_sum(tarball)}],
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": " AND ".join(stated) or UNKNOWN,
        "licenseInfoFromFiles": stated or [UNKNOWN],
        "copyrightText": UNKNOWN,
    }


# ---- binary packages ----------------------------------------------------------------------------

def binary_package(path, name, version, architecture, declared):
    return {
        "SPDXID": identifier("Binary", os.path.basename(path)),
        "name": name,
        "versionInfo": version,
        "packageFileName": os.path.basename(path),
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": False,
        "checksums": [{"algorithm": "SHA256", "checksumValue": file_sum(path)}],
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": declared,
        "copyrightText": UNKNOWN,
        "comment": f"architecture: {architecture}",
    }


def names_of(field):
    """"libc6 (>= 2.34), a | b:any" -> [["libc6"], ["a", "b"]]"""
    return [[re.split(r"[ (:\[]", choice.strip())[0] for choice in group.split("|")]
            for group in field.replace("\n", " ").split(",") if group.strip()]


class Installed:
    """The packages of this Debian machine."""

    def __init__(self):
        form = r"${Package}\t${Version}\t${Architecture}\t${Provides}\t${Pre-Depends}, ${Depends}\t" \
               r"${db:Status-Abbrev}\n"
        self.packages, self.providers = {}, {}
        for line in run("dpkg-query", "-W", "-f", form).splitlines():
            name, version, architecture, provides, depends, status = line.split("\t")
            if not status.startswith("ii"):
                continue
            self.packages[name] = (version, architecture, names_of(depends))
            for group in names_of(provides):
                self.providers.setdefault(group[0], name)

    def choose(self, choices):
        """The one of several that is there; what is not installed keeps its first name."""
        for name in choices:
            if name in self.packages:
                return name
        for name in choices:
            if name in self.providers:
                return self.providers[name]
        return choices[0]


def debian_licence(name):
    """(SPDX expression, what the copyright file says)"""
    try:
        with open(f"/usr/share/doc/{name}/copyright", encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return UNKNOWN, None
    if not re.match(r"Format: *https?://\S*copyright-format/1\.0", text):
        return UNKNOWN, None
    found = re.search(r"^Files: *\*[ \n](?:.+\n)*?License: *(.*)$", text, re.MULTILINE)
    if not found:
        return UNKNOWN, None
    said = found.group(1).strip()
    words = re.split(r" (and|or) ", said)
    words = [word.upper() if i % 2 else LICENCES_FOLDED.get(word.lower())
             for i, word in enumerate(words)]
    return (" ".join(words) if all(words) and len(set(words[1::2])) < 2 else UNKNOWN), said


def dependency(name, installed, distribution):
    package = {
        "SPDXID": identifier("Dependency", name),
        "name": name,
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": UNKNOWN,
        "copyrightText": UNKNOWN,
    }
    if name in installed.packages:
        version, architecture, _ = installed.packages[name]
        package["versionInfo"] = version
        package["licenseDeclared"], said = debian_licence(name)
        if said:
            package["licenseComments"] = f"Debian's copyright file says of Files: *: {said}"
        package["externalRefs"] = [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:deb/{distribution}/{name}@{version.replace(':', '%3A')}"
                                f"?arch={architecture}",
        }]
    return package


# ---- the document -------------------------------------------------------------------------------

class Document:
    def __init__(self, version, tarball):
        self.files = source_files(tarball)
        self.source = source_package(version, tarball, self.files)
        self.packages = [self.source]
        self.relationships = []
        self.relate("SPDXRef-DOCUMENT", "DESCRIBES", self.source["SPDXID"])
        for file in self.files:
            self.relate(self.source["SPDXID"], "CONTAINS", file["SPDXID"])

    def relate(self, one, how, other):
        self.relationships.append({"spdxElementId": one, "relationshipType": how,
                                   "relatedSpdxElement": other})

    def add_binary(self, package):
        self.packages.append(package)
        self.relate("SPDXRef-DOCUMENT", "DESCRIBES", package["SPDXID"])
        self.relate(package["SPDXID"], "GENERATED_FROM", self.source["SPDXID"])

    def add_rpm(self, path):
        name, version, architecture = run(
            "rpm", "-qp", "--nosignature", "--qf", "%{NAME} %{VERSION}-%{RELEASE} %{ARCH}", path).split()
        self.add_binary(binary_package(path, name, version, architecture,
                                       self.source["licenseDeclared"]))

    def add_debs(self, paths):
        ours, wanted = {}, []
        for path in paths:
            def field(name, path=path):
                return run("dpkg-deb", "-f", path, name).strip()
            package = binary_package(path, field("Package"), field("Version"),
                                     field("Architecture"), self.source["licenseDeclared"])
            self.add_binary(package)
            for group in [[package["name"]]] + names_of(field("Provides")):
                ours[group[0]] = package["SPDXID"]
            depends = field("Pre-Depends") + "," + field("Depends")
            wanted.append((package["SPDXID"], names_of(depends)))
        if paths:
            self.add_dependencies(ours, wanted)

    def add_dependencies(self, ours, wanted):
        with open("/etc/os-release", encoding="utf-8") as file:
            distribution = re.search(r'^ID="?([a-z0-9._-]+)', file.read(), re.MULTILINE).group(1)
        installed = Installed()
        seen = dict(ours)
        while wanted:
            who, groups = wanted.pop(0)
            for name in sorted({next((c for c in group if c in ours), None) or
                                installed.choose(group) for group in groups}):
                if name not in seen:
                    package = dependency(name, installed, distribution)
                    self.packages.append(package)
                    seen[name] = package["SPDXID"]
                    wanted.append((seen[name], installed.packages.get(name, ("", "", []))[2]))
                if seen[name] != who:
                    self.relate(who, "DEPENDS_ON", seen[name])

    def as_json(self, version):
        created = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]),
                                                  datetime.timezone.utc)
        body = {"packages": self.packages, "files": self.files,
                "relationships": self.relationships}
        text = json.dumps(body, sort_keys=True)
        return {
            "spdxVersion": "SPDX-2.3",
            "dataLicense": "CC0-1.0",
            "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"lrhost-{version}",
            # The same content has the same name, and no other has it.
            "documentNamespace": uuid.uuid5(uuid.NAMESPACE_OID, text).urn,
            "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
                             "creators": [f"Tool: lrhost-sbom-{version}"]},
            **body,
        }


def main(arguments):
    if len(arguments) < 2 or "SOURCE_DATE_EPOCH" not in os.environ:
        sys.exit("usage: SOURCE_DATE_EPOCH=... packaging/sbom.py VERSION TARBALL [PACKAGE...]")
    version, tarball, *packages = arguments
    document = Document(version, tarball)
    document.add_debs(sorted(p for p in packages if p.endswith(".deb")))
    for path in sorted(p for p in packages if p.endswith(".rpm")):
        document.add_rpm(path)
    json.dump(document.as_json(version), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main(sys.argv[1:])
