#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what lrhost needs from the system's package manager (apt or dnf).
#
#   packaging/deps.sh [build|test|check]
#     build   compilers for C and C++, make, inih, jansson, librdkafka, simdjson (make, make demo)
#     test    the same and CUnit                          (make test)
#     check   the same, and what the longer tests use: clang, a JDK, Maven, kcat, ...
#
# Needs are probed by what they provide (a program, a header), so that a library in a folder of
# your own counts (CPPFLAGS is honoured). Nothing missing: no output and no package manager.
# Otherwise the command and its download size are printed before it runs. DEPS=no, or no root
# and no sudo: the line to type is printed and nothing is installed. What only widens the tests
# never stops `check`: the tests that miss it are skipped by name.
#
# Runs under dash and bash of a minimal installation. Leaves out: other package managers, Java
# libraries (tests/kafka fetches them by Maven).
set -u

# probe                          Debian, Ubuntu      Fedora, RHEL
NEED_BUILD='
program:cc                       gcc                 gcc
program:make                     make                make
program:pkg-config               pkg-config          pkgconf-pkg-config
header:stdio.h                   libc6-dev           glibc-devel
header:ini.h                     libinih-dev         inih-devel
header:librdkafka/rdkafka.h      librdkafka-dev      librdkafka-devel
header:jansson.h                 libjansson-dev      jansson-devel
program:c++,g++,clang++          g++                 gcc-c++
cxx:simdjson.h                   libsimdjson-dev     simdjson-devel
'
NEED_TEST='
header:CUnit/Basic.h             libcunit1-dev       CUnit-devel
'
# Two packages joined by a comma come together; a slash gives a second choice for a name that the
# distribution may not have.
WANT_CHECK='
fuzzer                           clang-16,libclang-rt-16-dev/clang,libclang-rt-dev clang,compiler-rt
program:clang-tidy-16,clang-tidy clang-tidy-16/clang-tidy  clang-tools-extra
program:cppcheck                 cppcheck            cppcheck
program:clang-format-16,clang-format clang-format-16/clang-format clang-tools-extra
program:mandoc                   mandoc              mandoc
header:sqlite3.h                 libsqlite3-dev      sqlite-devel
program:rustc                    rustc               rust
program:shellcheck               shellcheck          ShellCheck
program:python3                  python3             python3
python:jsonschema                python3-jsonschema  python3-jsonschema
python:yaml                      python3-yaml        python3-pyyaml
python:ensurepip                 python3-venv        python3
program:valgrind                 valgrind            valgrind
program:abidw                    abigail-tools       libabigail
program:zsh                      zsh                 zsh
program:fish                     fish                fish
program:systemd-nspawn           systemd-container   systemd-container
program:mmdebstrap               mmdebstrap          mmdebstrap
program:openssl                  openssl             openssl
program:kcat                     kcat                kcat
program:ip                       iproute2            iproute
program:dh                       debhelper           debhelper
program:lintian                  lintian             lintian
program:rpmbuild                 rpm                 rpm-build
program:rpmlint                  rpmlint             rpmlint
program:eu-strip                 elfutils            elfutils
program:cpio                     cpio                cpio
program:faketime                 faketime            libfaketime
java17                           default-jdk-headless java-headless
program:mvn                      maven               maven
locales                          locales             glibc-locale-source
'

have_program() # NAME[,NAME...]: one of them is enough
{
    for name in $(echo "$1" | tr ',' ' '); do
        [ "$name" = cc ] && name=${CC:-cc}
        # CC may hold arguments ("ccache gcc").
        command -v "${name%% *}" >/dev/null 2>&1 && return 0
    done
    return 1
}

have_header()
{
    [ -e "/usr/include/$1" ] && return 0
    # shellcheck disable=SC2086 # CC and CPPFLAGS are lists of words
    printf '#include <%s>\n' "$1" | ${CC:-cc} ${CPPFLAGS:-} -E - >/dev/null 2>&1
}

have_cxx_header()
{
    [ -e "/usr/include/$1" ] && return 0
    # shellcheck disable=SC2086
    printf '#include <%s>\n' "$1" | ${CC:-cc} ${CPPFLAGS:-} -x c++ -std=c++17 -E - >/dev/null 2>&1
}

have_java17()
{
    command -v java >/dev/null 2>&1 || return 1
    major=$(java -version 2>&1 | sed -n '1s/^[^"]*"\([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 17 ]
}

have_fuzzer()
{
    for clang in clang-16 clang; do
        printf 'int LLVMFuzzerTestOneInput(void);int LLVMFuzzerTestOneInput(void){return 0;}' |
            $clang -x c -fsanitize=fuzzer -o /dev/null - >/dev/null 2>&1 && return 0
    done
    return 1
}

have()
{
    case $1 in
    program:*) have_program "${1#*:}" ;;
    header:*) have_header "${1#*:}" ;;
    cxx:*) have_cxx_header "${1#*:}" ;;
    python:*) python3 -c "import ${1#*:}" >/dev/null 2>&1 ;;
    java17) have_java17 ;;
    fuzzer) have_fuzzer ;;
    locales) [ -d /usr/share/i18n/locales ] ;;
    esac
}

packages_missing() # TABLE: the packages whose probe fails, in table order
{
    echo "$1" | while read -r probe debian fedora; do
        [ -n "$probe" ] || continue
        have "$probe" && continue
        case $manager in
        apt-get) echo "$debian" ;;
        dnf) echo "$fedora" ;;
        *) echo "$debian" ;;
        esac
    done
}

apt_knows() # NAME[,NAME...]
{
    for name in $(echo "$1" | tr ',' ' '); do
        apt-cache show --no-all-versions "$name" 2>/dev/null | grep -q '^Package:' || return 1
    done
}

choose() # CHOICES...: one package list; for each a/b the first choice that is known
{
    for choices in "$@"; do
        found=${choices##*/}
        if [ "$manager" = apt-get ]; then
            for choice in $(echo "$choices" | tr '/' ' '); do
                if apt_knows "$choice"; then
                    found=$choice
                    break
                fi
            done
        fi
        echo "$found" | tr ',' '\n'
    done
}

known_only() # NAMES...: without those that the package manager has never heard of
{
    for name in "$@"; do
        if [ "$manager" != apt-get ] || apt_knows "$name"; then
            echo "$name"
        else
            echo "deps: this system has no package $name; tests that need it will be skipped" >&2
        fi
    done
}

lists_fresh()
{
    for name in "$@"; do
        apt_knows "$name" || return 1
    done
}

install_line() # NAMES...
{
    case $manager in
    apt-get) echo "apt-get install -y --no-install-recommends $*" ;;
    dnf) echo "dnf install -y --setopt=install_weak_deps=False $*" ;;
    *) echo "(your package manager) $*" ;;
    esac
}

download_size() # NAMES...: what the package manager says it will fetch; empty when it cannot
{
    case $manager in
    apt-get)
        LC_ALL=C $as_root apt-get install --assume-no --no-install-recommends "$@" 2>/dev/null |
            sed -n 's/^Need to get \(.*\) of archives.*/\1/p'
        ;;
    dnf)
        LC_ALL=C $as_root dnf install --assumeno --setopt=install_weak_deps=False "$@" 2>/dev/null |
            sed -n 's/^Total download size: //p; s/^.*[Nn]eed to download \(.*\)\.$/\1/p'
        ;;
    esac
}

update_lists()
{
    [ "$manager" = apt-get ] || return 0
    echo "+ ${as_root:+$as_root }apt-get update"
    # shellcheck disable=SC2086
    $as_root apt-get update -qq $patience >/dev/null 2>&1
}

install() # NAMES...
{
    # shellcheck disable=SC2046,SC2086 # lists of words on purpose
    if [ "$manager" = apt-get ]; then
        lists_fresh $(echo "$*" | tr ',/' '  ') || update_lists
        set -- $(choose "$@")
        [ "$strict" = yes ] || set -- $(known_only "$@")
        [ $# -gt 0 ] || return 1
    else
        set -- $(choose "$@")
    fi
    size=$(download_size "$@")
    echo "+ ${as_root:+$as_root }$(install_line "$@")   # downloads ${size:-an unknown amount}"
    case $manager in
    apt-get)
        quiet_apt "$@" && return 0
        # Lists that are a few weeks old name files that are gone.
        case $output in
        *etch*) update_lists && quiet_apt "$@" && return 0 ;;
        esac
        echo "$output" | grep '^E:' | head -n 4 >&2
        return 1
        ;;
    dnf) $as_root dnf install -q -y --setopt=install_weak_deps=False "$@" ;;
    esac
}

quiet_apt() # NAMES...: sets output
{
    # shellcheck disable=SC2086
    output=$($as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get install -qq -y \
        --no-install-recommends $patience "$@" 2>&1)
}

type_this() # WHY NAMES...
{
    why=$1
    shift
    # shellcheck disable=SC2046,SC2086
    set -- $(choose "$@")
    update=
    # shellcheck disable=SC2086
    [ "$manager" = apt-get ] && ! lists_fresh "$@" && update='apt-get update && '
    echo "deps: $why; type this as root, then try again:" >&2
    echo "  $update$(install_line "$@")" >&2
}

may_install() # sets as_root; 1: neither root nor a sudo that answers
{
    as_root=
    [ "$(id -u)" -eq 0 ] && return 0
    command -v sudo >/dev/null 2>&1 || return 1
    # Without a terminal nobody can type a password.
    sudo -n true 2>/dev/null || [ -t 0 ] || return 1
    as_root=sudo
}

manager=none
command -v dnf >/dev/null 2>&1 && manager=dnf
command -v apt-get >/dev/null 2>&1 && manager=apt-get
patience='-o DPkg::Lock::Timeout=60 -o Acquire::Retries=2 -o Acquire::http::Timeout=20'

what=${1:-build}
want=
case $what in
build) need=$NEED_BUILD ;;
test) need=$NEED_BUILD$NEED_TEST ;;
check) need=$NEED_BUILD$NEED_TEST want=$WANT_CHECK ;;
*)
    echo "usage: packaging/deps.sh [build|test|check]" >&2
    exit 64
    ;;
esac

missing=$(packages_missing "$need")
wanted=$(packages_missing "$want")
[ -n "$missing$wanted" ] || exit 0

reason=
if [ "${DEPS:-yes}" = no ]; then
    reason="DEPS=no, and packages are missing"
elif [ "$manager" = none ]; then
    reason="packages are missing (Debian's names follow), and here is neither apt nor dnf"
elif ! may_install; then
    reason="packages are missing, and here is neither root nor sudo"
fi

# shellcheck disable=SC2086 # lists of words
if [ -n "$missing" ]; then
    if [ -n "$reason" ]; then
        as_root=
        type_this "$reason" $missing $wanted
        exit 69
    fi
    strict=yes
    install $missing
    missing=$(packages_missing "$need")
    # What counts is what is there now: another package's trouble is not ours.
    if [ -n "$missing" ]; then
        echo "deps: could not install (is there a network?):" $missing >&2
        exit 69
    fi
fi

# shellcheck disable=SC2086
if [ -n "$wanted" ]; then
    if [ -n "$reason" ]; then
        as_root=
        type_this "$reason; the tests that need them will be skipped" $wanted
        exit 0
    fi
    strict=no
    install $wanted
    wanted=$(packages_missing "$want")
    [ -z "$wanted" ] || echo "deps: going on without $(choose $wanted | tr '\n' ' ')" >&2
fi
exit 0
