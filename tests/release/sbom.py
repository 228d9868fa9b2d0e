# SPDX-License-Identifier: MIT
"""Judges a bill of materials against what it is about, and then, spoilt in every way that is looked
for, whether each is found.

    sbom.py FOLDER DOCUMENT     FOLDER holds lrhost-1.2/, lrhost-1.2.tar.gz and lrhost_1.2.deb

The rules are those of SPDX 2.3: what a document, a package and a file must say, and of which form.
"""
import copy
import hashlib
import json
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(sys.argv[1])
EXPRESSION = re.compile(r"(NOASSERTION|NONE|[A-Za-z0-9.-]+( (AND|OR) [A-Za-z0-9.-]+)*)")
LENGTH = {"SHA1": 40, "SHA256": 64}


class Wrong(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Wrong(what)


def digest(path, algorithm):
    return hashlib.new(algorithm, path.read_bytes()).hexdigest()


def check_document(doc):
    need(doc.get("spdxVersion") == "SPDX-2.3", "version of the format")
    need(doc.get("dataLicense") == "CC0-1.0", "licence of the document")
    need(doc.get("SPDXID") == "SPDXRef-DOCUMENT", "id of the document")
    need(doc.get("name"), "name of the document")
    need(re.fullmatch(r"[a-z]+:[^#\s]+", doc.get("documentNamespace", "")), "namespace")
    info = doc.get("creationInfo", {})
    need(info.get("created") == "2001-09-09T01:46:40Z", "time: that of SOURCE_DATE_EPOCH")
    need(info.get("creators") and all(re.fullmatch(r"(Tool|Person|Organization): .+", c)
                                      for c in info["creators"]), "creators")


def check_ids(doc):
    ids = [doc["SPDXID"]] + [e.get("SPDXID") for e in doc["packages"] + doc["files"]]
    need(all(i and re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", i) for i in ids), "form of ids")
    need(len(ids) == len(set(ids)), "ids are unique")
    for relation in doc["relationships"]:
        need({relation["spdxElementId"], relation["relatedSpdxElement"]} <= set(ids),
             "relations are between what there is")


def relations(doc, kind):
    return {(r["spdxElementId"], r["relatedSpdxElement"])
            for r in doc["relationships"] if r["relationshipType"] == kind}


def check_relations(doc):
    source, binary = (p["SPDXID"] for p in doc["packages"][:2])
    need(relations(doc, "DESCRIBES") == {(doc["SPDXID"], source), (doc["SPDXID"], binary)},
         "what the document describes")
    need(relations(doc, "CONTAINS") == {(source, f["SPDXID"]) for f in doc["files"]},
         "what the source contains")
    need(relations(doc, "GENERATED_FROM") == {(binary, source)}, "where the package comes from")


def check_sums(element):
    for entry in element.get("checksums", []):
        need(re.fullmatch(r"[0-9a-f]{%d}" % LENGTH[entry["algorithm"]], entry["checksumValue"]),
             "form of sums")


def check_packages(doc):
    for package in doc["packages"]:
        need(package.get("name") and package.get("downloadLocation"), "name and place of a package")
        need(package.get("copyrightText"), "copyright of a package")
        for key in ("licenseConcluded", "licenseDeclared"):
            need(EXPRESSION.fullmatch(package.get(key, "")), "licence of a package")
        need(package.get("filesAnalyzed") is ("packageVerificationCode" in package), "files analyzed")
        check_sums(package)
        if "packageFileName" in package:
            path = FOLDER / package["packageFileName"]
            need(package["checksums"][0]["checksumValue"] == digest(path, "sha256"), "sum of a package")


def check_files(doc):
    tree = FOLDER / "lrhost-1.2"
    have = {"./" + str(p.relative_to(tree)): p for p in tree.rglob("*") if p.is_file()}
    need(sorted(f["fileName"] for f in doc["files"]) == sorted(have), "the files of the tarball")
    stated = {"./LICENSE": "NOASSERTION", "./main.c": "MIT", "./src/other.py": "BSD-2-Clause",
              "./src/template": "NOASSERTION"}
    for file in doc["files"]:
        check_sums(file)
        sums = {c["algorithm"]: c["checksumValue"] for c in file["checksums"]}
        need(sums == {a: digest(have[file["fileName"]], a.lower()) for a in LENGTH}, "sums of a file")
        need(file["licenseInfoInFiles"] == [stated[file["fileName"]]], "licence of a file")
        need(file.get("copyrightText") and file.get("licenseConcluded"), "what a file must say")
    sums = "".join(sorted(digest(p, "sha1") for p in have.values()))
    source = doc["packages"][0]
    need(source["packageVerificationCode"]["packageVerificationCodeValue"] ==
         hashlib.sha1(sums.encode()).hexdigest(), "verification code")
    need(source["licenseDeclared"] == "BSD-2-Clause AND MIT", "licence of the source")


def machine_readable(name):
    text = pathlib.Path(f"/usr/share/doc/{name}/copyright").read_text(encoding="utf-8")
    return text.startswith("Format:")


def check_dependencies(doc):
    by_id = {p["SPDXID"]: p for p in doc["packages"]}
    depends = [(by_id[one]["name"], by_id[other]["name"])
               for one, other in relations(doc, "DEPENDS_ON")]
    need(sorted(d for p, d in depends if p == "lrhost") == ["dpkg", "libc6", "not-here-either"],
         "what the package depends on: the alternative that is here, not what it provides itself")
    need(("libc6", "libgcc-s1") in depends, "what a dependency depends on")
    for package in doc["packages"]:
        if not package["SPDXID"].startswith("SPDXRef-Dependency"):
            continue
        if package["name"] == "not-here-either":
            need("versionInfo" not in package, "no version of what is not here")
            continue
        version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package["name"]],
                                 check=True, capture_output=True, text=True).stdout
        need(package["versionInfo"] == version, "version of a dependency")
        need(package["licenseDeclared"] == "NOASSERTION" or machine_readable(package["name"]),
             "no licence where nothing is stated")


def check(doc):
    check_document(doc)
    check_ids(doc)
    check_relations(doc)
    check_packages(doc)
    check_files(doc)
    check_dependencies(doc)


def drop(doc, kind):
    doc["relationships"].remove(next(r for r in doc["relationships"]
                                     if r["relationshipType"] == kind))


def dependency(doc, name):
    return next(p for p in doc["packages"] if p["name"] == name)


SPOILT = [
    lambda d: d.pop("dataLicense"),
    lambda d: d.update(documentNamespace="here"),
    lambda d: d["creationInfo"].update(created="2026-11-29T00:00:00Z"),
    lambda d: d["creationInfo"].update(creators=["somebody"]),
    lambda d: d["packages"][1].update(SPDXID="SPDXRef-a_b"),
    lambda d: d["packages"][1].update(SPDXID=d["packages"][0]["SPDXID"]),
    lambda d: d["relationships"][1].update(relatedSpdxElement="SPDXRef-File-99"),
    lambda d: d["packages"][1].pop("licenseDeclared"),
    lambda d: d["packages"][1]["checksums"][0].update(checksumValue="0" * 64),
    lambda d: d["files"].pop(),
    lambda d: d["files"][0]["checksums"][0].update(checksumValue="0" * 40),
    lambda d: d["files"][1].update(licenseInfoInFiles=["ISC"]),
    lambda d: d["packages"][0]["packageVerificationCode"].update(packageVerificationCodeValue="0"),
    lambda d: dependency(d, "libc6").update(versionInfo="1"),
    lambda d: dependency(d, "libc6").update(licenseDeclared="LGPL-2.1-or-later"),
    lambda d: dependency(d, "not-here-either").update(versionInfo="1"),
    lambda d: drop(d, "DESCRIBES"),
    lambda d: drop(d, "CONTAINS"),
    lambda d: drop(d, "GENERATED_FROM"),
    lambda d: drop(d, "DEPENDS_ON"),
]


def main():
    document = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
    try:
        check(document)
    except Wrong as wrong:
        sys.exit(f"wrong: {wrong}")
    for i, spoil in enumerate(SPOILT):
        doc = copy.deepcopy(document)
        spoil(doc)
        try:
            check(doc)
        except Wrong:
            continue
        sys.exit(f"control: spoilt document {i} passes")
    print(f"{len(document['packages'])} packages, {len(document['files'])} files; "
          f"{len(SPOILT)} spoilt documents found out")


main()
