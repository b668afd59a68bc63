"""The two files that make a vault readable without CodeVault: README.txt for a shell, rescue.py for Python."""

from __future__ import annotations

from importlib.resources import files

from codevault.store.layout import FORMAT_VERSION


def rescue_text() -> bytes:
    """The program written into each vault, byte for byte the module `codevault.store.rescue`."""
    return files("codevault.store").joinpath("rescue.py").read_bytes()


def readme_text() -> bytes:
    """The page written into each vault."""
    return _README.replace("@FORMAT@", str(FORMAT_VERSION)).encode()


_README = r"""This folder is a CodeVault archive, format @FORMAT@: every version of your projects' files,
kept so that you can get them back with this program, with another one, or with none.

  vault.json                              format version and identity
  projects/<project>.json                 what is known of each project
  snapshots/<project>/<number>-<id>.json  one recorded state; the id is the BLAKE3 of the file, `b3sum` checks it
  thinned/<project>/<number>-<id>.json    recorded states that were thinned and can still be had, in the same way
  packs/<2 digits>/<id>.pack              all content: zstd frames, each after a skippable frame with our header
  packs/<2 digits>/<id>.par               parity of the pack beside it, for CodeVault's repair
  log/<number>.json                       what came and went, each record holding the hash of the one before
  log/<number>.copy                       the small files of that record once more; `zstd -dc` shows them
  vcs/<project>/                          commits that were nowhere else, in git's or Mercurial's own bundles
  quarantine/                             damaged files that a repair put aside
  cache/, incoming/, lock                 may be deleted while nothing runs

WITH PYTHON (3.8 or later) and the zstd program, or Python 3.14 alone:

  python3 rescue.py list
  python3 rescue.py restore SNAPSHOT-ID NEW-FOLDER            with --verify each file's BLAKE3 is computed, too

WITH A SHELL ALONE (sh, the core utilities, zstd). Save the lines between the two rulers as rescue.sh, then

  ls snapshots/*                          choose a snapshot
  sh rescue.sh . snapshots/PROJECT/NUMBER-ID.json NEW-FOLDER

WHAT WAS LEFT TO A REPOSITORY is listed first, each file with its object id, and is not restored. With git alone:

  git clone --mirror URL all.git          or `git init --bare all.git` where a mirror was kept: no URL is needed then
  cd all.git                              the URL is the fact "remote" of the snapshot
  for bundle in VAULT/vcs/PROJECT/*-bundle-*.git; do git bundle unbundle "$bundle"; done    the oldest first
  git cat-file blob OBJECT-ID >FILE       what follows "git:" in the list is the OBJECT-ID

The repository itself: restore it, then `cp -R all.git/objects RESTORED/.git/` puts its objects back. What git calls
HEAD, branches, stashes and index lie in RESTORED/.git already; look at its config and hooks before you use git there.

The shell is slow (about a hundred files a second) and needs room for a second copy in $TMPDIR. Hard links become
copies, holes zeros; owners and extended attributes (in the manifest) are left out. zstd checks every frame it decodes;
to be certain of a file, compare `b3sum FILE` with the "blob" in the manifest. `zstd -t` checks, and `zstd -dc` reads,
any pack that holds whole files; a pack of differences needs its bases, as below.

------------------------------------------------------------------------------------------------------------------------
set -eu
LC_ALL=C; export LC_ALL
vault=$1 snapshot=$2 target=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/place" "$work/blob" "$work/frame"

# A header is read byte by byte (two hexadecimal digits each) from standard input.
byte() { read -r one; one=${one# }; }
number() {
    value=0 shift=1
    while byte; value=$((value + (0x$one & 127) * shift)); [ $((0x$one)) -ge 128 ]; do shift=$((shift * 128)); done
}
digits() { hex=''; left=$1; while [ "$left" -gt 0 ]; do byte; hex=$hex$one; left=$((left - 1)); done; }

# Notes the members of the frame at byte $2 of pack $1 and says where the next header begins.
header() {
    byte; kind=$one
    number; stored=$value inner=0 count=1 base=''
    if [ "$kind" = 53 ]; then number; count=$value; fi
    while [ "$count" -gt 0 ]; do
        digits 32; blob=$hex
        number; length=$value
        if [ "$kind" = 44 ]; then digits 8; base=$hex; fi
        echo "$kind $1 $2 $stored $inner $length $base" >"$work/place/$blob"
        inner=$((inner + length)) count=$((count - 1))
    done
    echo $(($2 + stored))
}
for pack in "$vault"/packs/*/*.pack; do
    at=0 end=$(wc -c <"$pack")
    while [ "$at" -lt "$end" ]; do
        set -- $(od -An -v -tu1 -j "$at" -N 8 "$pack")
        [ "$1 $2 $3 $4" = "80 42 77 24" ] || { echo "damaged from byte $at on: $pack" >&2; break; }
        length=$(($5 + $6 * 256 + $7 * 65536 + $8 * 16777216)) begin=$((at + 8))
        at=$(od -An -v -tx1 -w1 -j "$begin" -N "$length" "$pack" | header "${pack##*/}" $((begin + length)))
    done
done

cut_out() { tail -c +$(($2 + 1)) "$vault/packs/${1%"${1#??}"}/$1" | head -c "$3"; }

# Puts blob $1 into $work/blob: first down its chain of bases, then up again.
fetch() {
    wanted=$1 chain=''
    until [ -f "$work/blob/$wanted" ]; do
        [ -f "$work/place/$wanted" ] || { echo "missing: $wanted" >&2; return 1; }
        read -r kind pack at stored inner length base <"$work/place/$wanted"
        chain="$wanted $chain"
        [ "$kind" = 44 ] || break
        set -- "$work/place/$base"*
        wanted=${1##*/}
    done
    for blob in $chain; do
        read -r kind pack at stored inner length base <"$work/place/$blob"
        if [ "$kind" = 44 ]; then
            set -- "$work/place/$base"*
            base=$work/blob/${1##*/}
            cut_out "$pack" "$at" "$stored" | zstd -dcq --memory=2048MB --patch-from="$base" >"$work/new" || return 1
        else
            frame=$work/frame/$pack.$at
            if [ ! -f "$frame" ]; then
                cut_out "$pack" "$at" "$stored" | zstd -dcq --memory=2048MB >"$work/new" || return 1
                mv "$work/new" "$frame"
            fi
            if [ "$kind" = 53 ]; then tail -c +$((inner + 1)) "$frame" | head -c "$length" >"$work/new"; else
                : >"$work/large"
                while read -r chunk size; do
                    (fetch "$chunk") || return 1
                    cat "$work/blob/$chunk" >>"$work/large"
                done <"$frame"
                mv "$work/large" "$work/new"
            fi
        fi
        [ "$(wc -c <"$work/new")" -eq "$length" ] || { echo "damaged: $blob" >&2; return 1; }
        mv "$work/new" "$work/blob/$blob"
    done
}

# The value of key $1 in $line, empty without one; $path and $link are exact even where JSON had to escape.
value() {
    value=''
    case $line in *",\"$1\":"*) value=${line##*,\"$1\":} value=${value#\"} value=${value%%[\",\}]*} ;; esac
}
exactly() {
    value "$1_base64"
    if [ -n "$value" ]; then value=$(printf %s "$value" | base64 -d; echo .); value=${value%.}; else value=$2; fi
}
entry() {
    path=${line#\{\"path\":\"} path=${path%%\"*}
    exactly path "$path"; path=$value
    value kind; kind=$value
    value mode; mode=${value#"${value%???}"}
    value mtime_ns; time=${value:-0}
    value blob; blob=$value
    value reference; reference=$value
    if [ -n "$blob" ] && [ -f "$work/place/$blob" ]; then reference=''; fi
    case "/$path/" in *//* | */./* | */../*) echo "NOT restored, leads elsewhere: $path" >&2; kind=refused ;; esac
}
finish() {
    chmod "$mode" "$target/$path"
    sign=''; case $time in -*) sign=- time=${time#-} ;; esac
    while [ "${#time}" -lt 10 ]; do time=0$time; done
    touch -d "@$sign${time%?????????}.${time#"${time%?????????}"}" "$target/$path"
}

while IFS= read -r line || [ -n "$line" ]; do
    case $line in *'"manifest": "'*) manifest=${line#*: \"} manifest=${manifest%%\"*} ;; esac
done <"$snapshot"
fetch "$manifest"
manifest=$work/blob/$manifest
while IFS= read -r line; do
    entry
    if [ -n "$reference" ]; then echo "left to a repository, fetch it there: $reference $path"; fi
done <"$manifest"
mkdir "$target"
while IFS= read -r line; do
    entry
    if [ "$kind" = directory ]; then mkdir -p "$target/$path"; fi
    if [ "$kind" = file ] && [ -z "$reference" ]; then
        case $path in */*) mkdir -p "$target/${path%/*}" ;; esac
        if (fetch "$blob"); then cp "$work/blob/$blob" "$target/$path"; finish; else echo "NOT restored: $path" >&2; fi
    fi
done <"$manifest"
while IFS= read -r line; do
    entry
    if [ "$kind" = symlink ]; then
        link=${line#*,\"target\":\"}; exactly target "${link%%\"*}"
        ln -s -- "$value" "$target/$path"
    fi
done <"$manifest"
tac "$manifest" | while IFS= read -r line; do
    entry
    if [ "$kind" = directory ]; then finish; fi
done
------------------------------------------------------------------------------------------------------------------------
"""
