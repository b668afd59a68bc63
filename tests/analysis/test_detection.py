from __future__ import annotations

import pytest

from codevault.analysis.analyse import analyse
from codevault.analysis.detection import detect_language, name_by_content
from codevault.analysis.model import Outcome


@pytest.mark.parametrize(
    ("path", "content", "language"),
    [
        ("a.h", b"struct a { int b; };\n", "c"),
        ("a.h", b"namespace a {\nint b;\n}\n", "cpp"),
        ("a.h", b"#import <Foundation/Foundation.h>\n@interface A\n@end\n", "objective-c"),
        ("a.m", b"@implementation A\n@end\n", "objective-c"),
        ("a.m", b'#include "a.h"\nstatic int f(void) { return 1; }\n', "objective-c"),
        ("a.m", b"function y = f(x)\n% doubles\ny = 2 * x;\nend\n", ""),
        ("a.m", b"BeginPackage[]\n", ""),
        ("a.pl", b"use strict;\nsub f { 1 }\n", "perl"),
        ("a.pl", b"parent(a, b).\nold(X) :- parent(X, _).\n", ""),
        ("a.ts", b"export const a: number = 1;\n", "typescript"),
        ("a.ts", b'<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS></TS>\n', ""),
        ("page.js", b"<!DOCTYPE html>\n<html></html>\n", "html"),
        ("page.py", b"<?php echo 1;\n", "php"),
        ("a.html", b"<?php echo 1; ?><html></html>\n", "html"),
        ("tool", b"#!/usr/bin/env -S LANG=C perl -w\n", "perl"),
        ("tool", b"\xef\xbb\xbf#!/usr/bin/lua5.4\n", "lua"),
        ("tool", b"# -*- mode: ruby -*-\n", "ruby"),
        ("tool", b"# -*- coding: utf-8; mode: python; indent: 4 -*-\n", "python"),
        ("tool", b"// -*- C++ -*-\n", "cpp"),
        ("tool", b"x\n" * 30 + b"# vim: set ft=sh sw=2:\n", "bash"),
        ("tool", b"-*- nonsense -*-\n", ""),
        ("tool", b"<html>\n", "html"),
        ("script.in", b"# -*- python -*-\n", "python"),
        ("page.inc", b"<?php\nfunction f() {}\n", "php"),
        ("hook.in", b"#!/usr/bin/perl\n", "perl"),
        ("tool", b'#!/bin/sh\n# \\\nexec tclsh "$0" "$@"\nputs 1\n', ""),
        ("tool", b"#!/bin/sh\n'''exec' python3 -E \"$0\" \"$@\"\n' '''\nimport os\n", "python"),
        ("tool", b'#!/bin/sh\nexec sudo "$0" "$@"\n', "bash"),
        ("tool", b'#!/bin/sh\nexec java -jar "$1"\n', "bash"),
        ("notes.txt", b"# -*- python -*-\n", ""),
        ("Dockerfile", b"FROM a\n", "dockerfile"),
    ],
)
def test_decides_by_content_where_the_name_leaves_it_open(path: str, content: bytes, language: str) -> None:
    assert detect_language(path, content) == language


@pytest.mark.parametrize(
    ("path", "content", "language"),
    [
        ("a.v", b"module top(input a);\nendmodule\n", "verilog"),
        ("a.v", b"Require Import Arith.\nLemma a : True.\n", "coq"),
        ("a.v", b"module main\n\nfn main() {\n}\n", "v"),
        ("a.m", b"function y = f(x)\nend\n", "matlab"),
        ("a.pl", b":- module(a, []).\n", "prolog"),
        ("a.txt", b"", ""),
    ],
)
def test_names_texts_that_share_an_extension_by_content(path: str, content: bytes, language: str) -> None:
    assert name_by_content(path, content) == language


@pytest.mark.parametrize("path", ["a.py", "a.ts", "a.h"])
def test_takes_no_binary_for_source_whatever_its_name(path: str) -> None:
    assert analyse(path, b"\x47\x40\x11\x10\x00" * 100).outcome is Outcome.BINARY


def test_calls_a_text_by_what_its_content_says() -> None:
    assert analyse("a.m", b"function y = f(x)\ny = 1;\nend\n").language == "matlab"


def test_says_that_a_minified_file_is_only_searched() -> None:
    found = analyse("a.min.js", b"function a(){return 1}" * 20_000)

    assert (found.outcome, found.problems) == (
        Outcome.TEXT,
        ("minified or generated on few lines: searched as text, not parsed",),
    )
