"""The tables of files: by whole name and by suffix; the first row that names one wins. All names are lower case.

No row drops a file. A file is left out only with a folder that can be made again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codevault.policy.tools import TOOLS
from codevault.policy.verdicts import PathClass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRule:
    """One row: space-separated `names` (whole) and `suffixes` (".py", ".min.js", "_pb2.py"), all lower case.

    `below` narrows the row's names to files in a folder of that name.
    """

    path_class: PathClass
    rule: str
    names: str = ""
    suffixes: str = ""
    below: str = ""
    index: bool = True


# Endings of copies that show how a file with a secret should look. `.env.test` and the like are real settings.
EXAMPLES = frozenset(("example", "sample", "template", "tmpl", "tpl", "dist", "defaults"))

# What editors and people append to a copy; the copy of a secret is a secret.
COPIES = frozenset(("bak", "backup", "orig", "old", "save", "copy", "tmp", "swp", "swo", "rej"))

# Starts of variants of `.env`, each a secret unless it ends as an example does.
ENV_STARTS = (".env.", ".env-", ".env_")

# Starts of names of private keys; with `.pub` at the end it is the public one.
KEY_STARTS = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519")

# (start, end) of names that hold credentials whatever stands between.
SECRET_SPANS: tuple[tuple[str, str], ...] = (
    ("credentials", ".json"),
    ("client_secret", ".json"),
    ("service-account", ".json"),
    ("service_account", ".json"),
    ("serviceaccount", ".json"),
    ("terraform.tfstate", ""),
    ("secrets.", ".yml"),
    ("secrets.", ".yaml"),
    ("secrets.", ".json"),
    ("secrets.", ".toml"),
)

SECRETS: tuple[FileRule, ...] = (
    FileRule(
        path_class=PathClass.SECRET,
        rule="settings that hold credentials",
        names=(
            ".env .envrc env.local .npmrc .pypirc .netrc _netrc .htpasswd .git-credentials .pgpass .my.cnf .mylogin.cnf"
            " .s3cfg .boto .dockercfg .dockerconfigjson kubeconfig .vault_pass .vault-pass .vault_pass.txt"
            " vault_pass.txt .vault-token local.settings.json .flaskenv"
            # Made for one installation: a password and salts, hardly any code; wp-config-sample.php is indexed.
            " wp-config.php"
            " secrets.yml secrets.yaml secrets.toml secrets.json .secrets"
            " secret.yml secret.yaml secret.toml secret.json"
        ),
        suffixes=".env .tfstate .tfstate.backup .tfvars .tfvars.json",
        index=False,
    ),
    FileRule(
        path_class=PathClass.SECRET,
        rule="keys and key stores",
        names="private_key master.key .master.key deploy_key",
        suffixes=(
            "_rsa _dsa _ecdsa _ed25519 .pem .key .p12 .pfx .p8 .jks .jceks .bks .keystore .ppk .kdbx .kdb .psafe3"
            " .agekey .gpg .ovpn .keychain .keychain-db .mobileprovision"
        ),
        index=False,
    ),
    FileRule(path_class=PathClass.SECRET, rule="credentials", names="credentials", below=".aws", index=False),
    FileRule(
        path_class=PathClass.SECRET,
        rule="credentials",
        names="credentials credentials.toml",
        below=".cargo",
        index=False,
    ),
    FileRule(path_class=PathClass.SECRET, rule="credentials", names="config.json", below=".docker", index=False),
    FileRule(path_class=PathClass.SECRET, rule="credentials", names="config", below=".kube", index=False),
    FileRule(path_class=PathClass.SECRET, rule="credentials", names="config", below=".bundle", index=False),
)

LOCK_FILES = FileRule(
    path_class=PathClass.LOCK_FILE,
    rule="lock file: dependency folders are made again from it",
    names=" ".join(tool.locks for tool in TOOLS),
)

OTHERS: tuple[FileRule, ...] = (
    LOCK_FILES,
    FileRule(
        path_class=PathClass.GENERATED,
        rule="written by a tool from other files",
        suffixes=(
            ".min.js .min.css .min.mjs .map .bundle.js .chunk.js _pb2.py _pb2.pyi _pb2_grpc.py .pb.go .pb.cc"
            " .pb.h .g.dart .freezed.dart .designer.cs .g.cs .g.i.cs .tsbuildinfo .pnp.cjs"
            " .aux .fls .fdb_latexmk .synctex.gz .blg .bcf .run.xml"
        ),
    ),
    FileRule(
        path_class=PathClass.GENERATED,
        rule="written by configuring",
        names=(
            "config.log config.status aclocal.m4 stamp-h1 config.h.in~ configure~ .coverage .eslintcache"
            " .stylelintcache .phpunit.result.cache .sconsign.dblite"
        ),
        index=False,
    ),
    FileRule(
        path_class=PathClass.GENERATED,
        rule="compiled from source",
        suffixes=".pyc .pyo .class .o .ko .lo .beam .hi",
        index=False,
    ),
    FileRule(
        path_class=PathClass.CACHE, rule="notes of a file browser", names=".ds_store thumbs.db desktop.ini", index=False
    ),
    FileRule(
        path_class=PathClass.LARGE_BINARY,
        rule="binary format",
        suffixes=(
            ".bin .safetensors .onnx .pt .pth .ckpt .gguf .tflite .weights .iso .img .dmg .vmdk .vdi .vhdx .qcow2"
            " .ova .mp4 .m4v .mov .avi .mkv .webm .wmv .mp3 .m4a .wav .flac .ogg .aac .zip .tar .gz .tgz .bz2 .xz"
            " .zst .7z .rar .jar .war .ear .whl .egg .apk .aab .ipa .deb .rpm .msi .exe .dll .so .dylib .a .lib"
            " .wasm .psd .blend .fbx .glb .nupkg .gem .pack .idx"
        ),
        index=False,
    ),
    FileRule(
        path_class=PathClass.DATABASE,
        rule="local database",
        names="dump.rdb appendonly.aof",
        suffixes=(
            ".sqlite .sqlite3 .db .db3 .s3db .sl3 .sqlite-wal .sqlite3-wal .db-wal .sqlite-journal .sqlite3-journal"
            " .db-journal .sqlite-shm .sqlite3-shm .db-shm .mdb .accdb .ldf .mdf .duckdb .realm .fdb"
        ),
        index=False,
    ),
    FileRule(path_class=PathClass.NOTEBOOK, rule="notebook: its outputs are nowhere else", suffixes=".ipynb"),
    FileRule(
        path_class=PathClass.DATA,
        rule="binary data",
        suffixes=(
            ".parquet .arrow .feather .npy .npz .h5 .hdf5 .pkl .pickle"
            " .joblib .rds .rdata .avro .orc .dta .sav .xls .xlsx .ods"
        ),
        index=False,
    ),
    FileRule(
        path_class=PathClass.DATA, rule="records", suffixes=".csv .tsv .json .jsonl .ndjson .geojson .log .dat .po .xlf"
    ),
    FileRule(
        path_class=PathClass.CONFIG,
        rule="settings or manifest",
        names=(
            "package.json tsconfig.json jsconfig.json composer.json pipfile gemfile rakefile makefile gnumakefile"
            " dockerfile vagrantfile jenkinsfile procfile podfile cmakelists.txt meson.build go.mod go.work .gitignore"
            " .gitattributes .gitmodules .hgignore .dockerignore .editorconfig .prettierrc .eslintrc .babelrc"
            " .env.example .env.sample .env.template .env.dist"
            " requirements.txt constraints.txt build justfile .python-version .nvmrc .tool-versions"
        ),
        suffixes=(
            ".toml .yaml .yml .ini .cfg .conf .config .properties .xml .plist .gradle .csproj .fsproj .vbproj"
            " .vcxproj .sln .props .targets .cmake .mk .bazel .nix .hcl .tf .editorconfig .crt .cer .service"
            " .desktop"
        ),
    ),
    FileRule(
        path_class=PathClass.DOCS,
        rule="documentation",
        names="readme license licence copying changelog authors notice contributing",
        suffixes=".md .mdx .rst .txt .adoc .asciidoc .org .tex .pdf .doc .docx .odt .pptx .1 .3 .5 .7 .8",
    ),
    FileRule(
        path_class=PathClass.ASSET,
        rule="image, font or sound",
        suffixes=(
            ".png .jpg .jpeg .gif .webp .avif .bmp .ico .icns .svg .tif .tiff .ttf .otf .woff .woff2 .eot .xcf"
            " .ai .eps .sketch .fig"
        ),
    ),
    FileRule(
        path_class=PathClass.SOURCE,
        rule="source code",
        suffixes=(
            ".dts .dtsi .py .pyi .pyx .pxd .pyw .js .mjs .cjs .jsx .ts .mts .cts .tsx .vue .svelte .astro .java"
            " .kt .kts .scala .sc .groovy .clj .cljs .cljc .go .rs .c .h .cc .cpp .cxx .hh .hpp .hxx .inl .m .mm"
            " .cs .fs .fsx .vb .rb .rake .erb .php .phtml .swift .dart .lua .pl .pm .t .r .jl .hs .lhs .elm .ex"
            " .exs .erl .hrl .ml .mli .nim .zig .d .v .sv .vhd .vhdl .s .asm .f .f90 .f95 .for .pas .cob .sh .bash"
            " .zsh .fish .ps1 .psm1 .bat .cmd .awk .sed .sql .graphql .gql .proto .thrift .html .htm .xhtml .css"
            " .scss .sass .less .styl .hbs .ejs .jinja .jinja2 .j2 .twig .liquid .haml .slim .pug .rmd .qmd"
            " .sol .cu .cl .glsl .hlsl .wgsl .vert .frag .tcl .el .lisp .scm .rkt .coffee .pde .ino .gd .cr .st"
            " .ada .adb .ads .patch .diff"
        ),
    ),
)

FILE_RULES: tuple[FileRule, ...] = SECRETS + OTHERS

TEST_PATH = re.compile(
    r"(?:^|/)(?:[Tt]ests?|__tests__|specs?|testing|testdata)/"
    r"|(?:^|/)test_[^/]*$|(?:^|/)conftest\.py$"
    r"|_(?:test|spec)\.\w+$|\.(?:test|spec|cy)\.\w+$|[a-z0-9]Tests?\.\w+$"
)
