#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pod of packaging/kubernetes as podman's arguments, for image.sh.

    pod.py MANIFEST CONFIG SECRET FOLDER NAME

MANIFEST has the StatefulSet or the Deployment, CONFIG the ConfigMap, SECRET the Secret. Their contents
are laid into FOLDER as a kubelet lays them: NAME -> ..data/NAME, ..data -> a folder. Printed, each with
a NUL: options, the image, its arguments, then "--" and the command of the probes. Left out: limits, the
seccomp profile, timing of probes. A variable of the pod's environment that is set here is taken from
here.
"""

import os
import sys

import yaml


def documents(path):
    with open(path) as file:
        return [d for d in yaml.safe_load_all(file) if d]


def lay(folder, contents, mode, group):
    data = os.path.join(folder, "..2026_data")
    os.makedirs(data)
    os.symlink("..2026_data", os.path.join(folder, "..data"))
    for name, text in contents.items():
        path = os.path.join(data, name)
        with open(path, "w") as file:
            file.write(text)
        os.chown(path, 0, group)
        os.chmod(path, mode)
        os.symlink(os.path.join("..data", name), os.path.join(folder, name))
    return folder


def main(manifest, config, secret, folder, name):
    pod = next(d for d in documents(manifest) if "template" in d["spec"])["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    whole, own = pod["securityContext"], container["securityContext"]
    group = whole["fsGroup"]
    out = [f"--name={name}", f"--hostname={name}"]
    out += [f"--user={whole['runAsUser']}:{whole['runAsGroup']}", f"--group-add={group}"]
    out += [f"--cap-drop={c}" for c in own["capabilities"]["drop"]]
    out += ["--read-only"] if own["readOnlyRootFilesystem"] else []
    out += ["--security-opt=no-new-privileges"] if not own["allowPrivilegeEscalation"] else []
    for variable in container["env"]:
        value = variable.get("value", name)
        if "valueFrom" in variable:
            assert variable["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}, variable
        out.append(f"--env={variable['name']}={os.environ.get(variable['name'], value)}")

    volumes = {v["name"]: v for v in pod["volumes"]}
    for mount in container["volumeMounts"]:
        volume, where = volumes[mount["name"]], os.path.join(folder, mount["name"])
        if "emptyDir" in volume:
            out.append(f"--tmpfs={mount['mountPath']}:mode=2777")
            continue
        source = documents(config if "configMap" in volume else secret)[0]
        named = volume["configMap"]["name"] if "configMap" in volume else volume["secret"]["secretName"]
        assert source["metadata"]["name"] == named, named
        mode = volume.get("secret", {}).get("defaultMode", 0o644)
        lay(where, source.get("data") or source["stringData"], mode, group)
        out.append(f"--volume={where}:{mount['mountPath']}:ro")

    kinds = ("startupProbe", "readinessProbe", "livenessProbe")
    probes = [container[kind]["exec"]["command"] for kind in kinds]
    assert probes[0] == probes[1] == probes[2], probes
    out += ["localhost/" + container["image"], *container["args"], "--", *probes[0]]
    sys.stdout.write("\0".join(out) + "\0")


main(*sys.argv[1:])
