"""What is wrong with a table: place, words and cure. azldev's words stay searchable."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from boatyard.base.regex import compile_regex
from boatyard.config.model.overlay import type_of
from boatyard.config.rule import overlay
from boatyard.config.rule.name import are_file_names, file_name_problem

if TYPE_CHECKING:
    from tests.config.conftest import Load, Problems

SHA = "a" * 64

ADD_TAG = 'type = "spec-add-tag"\ntag = "A"\nvalue = "1"\n'
OVERLAYS = [
    ('type = "spec-add-tag"\ntag = "A"', "overlay type spec-add-tag requires value field: (no description)"),
    ('type = "spec-add-tag"\ntag = ""\nvalue = "x"\ndescription = "D"', "tag: invalid overlay 1 for component x: must"),
    ('type = "spec-append-lines"\ndescription = "D"', "overlay type spec-append-lines requires lines field: D"),
    ('type = "spec-append-lines"\nlines = []', "lines: invalid overlay 1 for component x: must not be empty"),
    ('type = "spec-append-lines"\nlines = ["a"]\npackage = "p"', "requires section field"),
    ('type = "spec-search-replace"\nregex = "a"\npackage = "p"', "requires section field"),
    ('type = "spec-search-replace"\nregex = "(?=a)"', "invalid regex '(?=a)' in overlay"),
    ('type = "spec-search-replace"\nregex = "a**"', "invalid regex 'a**' in overlay"),
    ('type = "spec-search-replace"\nregex = "(?P<n>a)(?P<n>b)"', "duplicate capture group name"),
    ('type = "spec-remove-tag"\ntag = "A"\nlines = 5', "lines: invalid overlay 1 for component x: expected a list"),
    ('type = "spec-search-replace"\nregex = "[z"', "invalid regex '[z' in overlay"),
    ('type = "spec-remove-subpackage"\npackage = "p"\nsection = "%files"', "does not accept section field"),
    ('type = "spec-remove-tag"\ntag = "A"\narchive = "a.tar"', "spec-remove-tag does not accept archive field"),
    ('type = "spec-ad-tag"\ntag = "A"', "unknown overlay type 'spec-ad-tag' (did you mean 'spec-add-tag'?)"),
    ('type = 3', "unknown overlay type '3'"),
    ('tag = "A"', "missing key 'type'"),
    ('type = "file-add"\nfile = "/etc/x"\nsource = "x"', "requires file to be a relative path"),
    ('type = "file-remove"\nfile = "../x"', "requires file to be a relative path: '../x' leaves the source tree"),
    ('type = "file-remove"\nfile = "[x"', "opens a class that is never closed"),
    ('type = "file-rename"\nfile = "x"\nreplacement = "a/b"', "requires replacement to be a filename only"),
    ('type = "file-rename"\nfile = "x"\nreplacement = ".."', "'..' is not a name"),
    ('type = "file-remove"\nfile = "x"\narchive = "a.zip"', "'a.zip' is not a .tar"),
    ('type = "file-remove"\nfile = "x"\narchive = "../a.tar"', "is not a plain file name"),
    ('type = "patch-add"', "overlay type patch-add requires source field"),
    (ADD_TAG + 'metadata = { category = "azl-prunin", upstream-status = "unknown" }',
     "'azl-prunin' is not one of"),
    (ADD_TAG + 'metadata = { category = "upstream-backport", upstream-status = "unknown" }',
     "needs at least one commit"),
    (ADD_TAG + 'metadata = { category = "azl-pruning", upstream-status = "unknown", bugs = [{ url = "ftp://x/y" }] }',
     "is not an address that begins with http:// or https://"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "words"), OVERLAYS)
def test_overlays(problems: Problems, table: str, words: str) -> None:
    told = problems(f"[[components.x.overlays]]\n{table}\n")
    assert words in told[0]
    assert "invalid overlay 1 for component x: " in told[0]
    assert told[0].startswith("azldev.toml:")


DOWNLOAD = "origin = { type = 'download', uri = 'http://h/a' }"


def source(rest: str) -> str:
    return "source-files = [{ filename = 'a', " + rest + " }]"


COMPONENTS = [
    ("nonsense = 1", "components.x.nonsense: unknown key 'nonsense' "),
    ("overlay = []", "unknown key 'overlay' (did you mean 'overlays'?)"),
    ("build.with = 'a'", "components.x.build.with: expected a list, got a string"),
    ("build.defines.a = 1", "components.x.build.defines.a: expected a string, got a number"),
    ("build.defines.'a b' = ''", "'a b' is not the name of a macro"),
    ("build.defines.a = \"1\\n%b 2\"", "components.x.build.defines.a: the value of a macro is one line"),
    ("build.with = ['a', '']", "components.x.build.with[1]: '' is not the name of a macro"),
    ("build.check.skip = true", "components.x.build.check: skip needs a skip_reason"),
    ("build.failure.expected = true", "expected needs an expected-reason"),
    ("spec.type = 'upstrem'", "unknown type 'upstrem' (did you mean 'upstream'?)"),
    ("spec = { type = 'upstream', path = 'a.spec' }", "spec.path: unknown key 'path' for type 'upstream'"),
    ("spec = { type = 'local' }", "missing key 'path'"),
    ("spec = { type = 'local', path = 'a.txt' }", "'a.txt' is not a .spec file"),
    ("spec = { type = 'local', path = \"a\\u0000.spec\" }", "is not a path"),
    ("spec = { upstream-commit = 'abcdef1' }", "unknown key 'upstream-commit'"),
    ("spec = { type = 'upstream', upstream-commit = 'abc' }", "'abc' is not a commit: 7 to 40 hexadecimal digits"),
    (f"spec = {{ type = 'upstream', upstream-commit = \"{SHA[:40]}\\n\" }}", "is not a commit"),
    ("spec = { type = 'upstream', upstream-distro = { name = 'f', snapshot = '2026-01-01T00:00:00Z' } }",
     "cannot set a snapshot of its own"),
    ("release.calculation = 'manuel'", "(did you mean 'manual'?)"),
    ("publish.rpm-channel = '../x'", "publish.rpm-channel: '../x' is not the name of a channel"),
    ("packages.p.publish.channel = 'a/b'", "packages.p.publish.channel: 'a/b' is not"),
    ("source-files = [{ filename = 'a' }]", "source-files[0]: missing key 'origin'"),
    ("source-files = [{ filename = 'a b', " + DOWNLOAD + " }]",
     "source-files[0].filename: 'a b' is not a plain file name"),
    (source("hash = 'x', " + DOWNLOAD), "needs a hash-type"),
    (source("hash = 'x', hash-type = 'SHA256', " + DOWNLOAD),
     "not the 64 hexadecimal digits of a SHA256"),
    (source(f"hash = '{SHA}', hash-type = 'MD5', " + DOWNLOAD), "'MD5' is not one of SHA256, SHA512"),
    (source("origin = { type = 'download', uri = 'h/a' }"), "has no scheme"),
    (source("origin = { type = 'download' }"), "missing key 'uri'"),
    (source("origin = { type = 'custom', script = 's', uri = 'http://h/a' }"), "unknown key 'uri' for type 'custom'"),
    (source("origin = { type = 'custom', script = '../s' }"), "is not a plain file name"),
    (source("origin = { type = 'custom', script = 's', inputs = ['i', 'i'] }"), "'i' is there twice"),
    (source("origin = { type = 'overlay' }"), "needs replace-upstream = true"),
    (source("replace-upstream = true, " + DOWNLOAD),
     "needs a replace-reason"),
    (source("replace-reason = 'r', " + DOWNLOAD),
     "replace-reason without replace-upstream"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "words"), COMPONENTS)
def test_components(problems: Problems, table: str, words: str) -> None:
    assert words in problems(f"[components.x]\n{table}\n")[0]


@pytest.mark.parametrize(
    ("spec", "package", "words"),
    [
        ("{ type = 'upstream' }", "x", "a deb-source origin needs a spec of type local"),
        ("{ type = 'deb', source = 'x' }", "x", "a deb-source origin needs a spec of type local"),
        ("{ type = 'local', path = 'x.spec' }", "../x", "package: '../x' is not a plain file name"),
        ("{ type = 'local', path = 'x.spec' }", "", "package: must not be empty"),
    ],
)
def test_files_of_debian_sources(problems: Problems, spec: str, package: str, words: str) -> None:
    files = source(f"origin = {{ type = 'deb-source', package = '{package}' }}")
    assert words in problems(f"[components.x]\nspec = {spec}\n{files}\n", root="boatyard.toml")[0]


REPO_SET = "[resources.rpm-repo-sets.s]\ndisable-gpg-check = true\n"
OTHERS = [
    ("nonsense = 1", "azldev.toml:1 nonsense: unknown key 'nonsense'"),
    ("[componens]", "(did you mean 'components'?)"),
    ("components = 3", "expected a table, got a number"),
    ("project.log-dir = {}", "project.log-dir: expected a path, got a table"),
    *(
        ("default-component-config.spec = { type = 'upstream', upstream-distro.snapshot = '" + snapshot + "' }",
         f"spec.upstream-distro.snapshot: '{snapshot}' is no moment as of RFC 3339")
        for snapshot in ("2026-02-30T00:00:00Z", "2026-02-24", "2026-02-24 00:00:00Z", "2026-02-24T00:00:00", "--all")
    ),
    ("project.default-distro.snapshot = 'yesterday'", "project.default-distro.snapshot: 'yesterday' is no moment"),
    ("[components]\nx = 'y'", "components.x: expected a table, got a string"),
    ('[components."a b"]', "'a b' is not a plain file name"),
    ('[components."../a"]', "'../a' is not a plain file name"),
    ('[components.".."]', "'..' is not a name"),
    ('[components."é"]', "is not a plain file name"),
    ('[images."a/b"]', "'a/b' is not a plain file name"),
    ("[images.i]\npublish.channels = ['..']", "'..' is not the name of a channel"),
    ("[images.i]\ndefinition.type = 'docker'", "'docker' is not one of kiwi, native"),
    ("[images.i]\ncapabilities.container = 'yes'", "expected true or false, got a string"),
    ("[test-suites.t]", "missing key 'type'"),
    ("[test-suites.t]\ntype = 'pytest'", "needs the table 'pytest'"),
    ("[test-suites.t]\ntype = 'lisa'\nlisa = { framework = { git-url = 'u', ref = 'a' }, test-cases = ['a'] }",
     "lisa.framework.ref: 'a' is not a commit: 40 hexadecimal digits"),
    ("[test-suites.t]\ntype = 'lisa'\npytest = {}", "has no table 'pytest'"),
    ("[test-suites.t]\ntype = 'pytest'\npytest.install = 'pyproject'", "needs a working-dir"),
    ("[package-groups.g]\npackages = ['a', 'b', 'a']", "packages[0]: duplicate package 'a'"),
    ("[package-groups.g]\npackages = ['a', '']", "packages[1]: a package has a name"),
    ("[default-package-config]\npublish.channel = '.'", "'.' is not the name of a channel"),
    ("[resources.rpm-repos.r]\ndisable-gpg-check = true", "exactly one of base-uri and metalink"),
    ("[resources.rpm-repos.r]\nbase-uri = 'http://h/x'", "signatures are checked, so gpg-key is needed"),
    ("[resources.rpm-repos.r]\nbase-uri = 'file:///x'\ndisable-gpg-check = true", "begins with http:// or https://"),
    ("[resources.rpm-repos.r]\nbase-uri = \"http://h/\\u2028\"\ndisable-gpg-check = true", "line break"),
    ("[resources.rpm-repos.'-r']\nbase-uri = 'http://h/x'\ndisable-gpg-check = true", "is not the name of a resource"),
    ("[resources.rpm-repos.r]\nbase-uri = 'http://h/x'\ngpg-key = 'ssh://h/k'", "is not an address that begins with"),
    ("[resources.rpm-repos.r]\nbase-uri = 'http://h/x'\ngpg-key = 'file://k'", "is no absolute file address"),
    (REPO_SET + "template = 'none'\nbase-uri = 'http://h/x'", "undefined template 'none'"),
    (REPO_SET + "template = 'azl-standard'\nbase-uri = 'http://h/x?y'", "no query"),
    (REPO_SET + "template = 'koji-dist-repo'\nsubrepos = ['bin']\nbase-uri = 'http://h/x'",
     "template 'koji-dist-repo' has no subrepo 'bin'"),
    ("[resources.rpm-repo-set-templates.t]\nsubrepos = []", "must not be empty"),
    ("[resources.rpm-repo-set-templates.t]\nsubrepos = [{ name = 'a', subpath = '../a' }]", "is not a relative path"),
    ("[distros.d.versions.1]\ninputs.rpm-build = [{ repo = 'a', set = 'b' }]", "exactly one of repo and set"),
    ("[distros.d.versions.1]\ninputs.rpm-build = [{ repo = 'a' }]", "undefined repository or set 'a'"),
    ("[distros.d.versions.1.default-component-config]\noverlays = [{ type = 'file-remove', file = '/x' }]",
     "default-component-config.overlays[0].file: invalid overlay 1: overlay type file-remove requires file"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), OTHERS)
def test_other_sections(problems: Problems, text: str, words: str) -> None:
    assert words in problems(text)[0]


def test_everything_wrong_is_told_at_once(problems: Problems) -> None:
    told = problems(
        {
            "azldev.toml": 'includes = ["a.toml", "b.toml"]\nx = 1\n[components.c]\ny = 2\nbuild.z = 3',
            "a.toml": "broken",
            "b.toml": "[project]\nlog-dri = 'x'",
        }
    )
    assert [line.split(" (")[0] for line in told] == [
        "azldev.toml:2 x: unknown key 'x'",
        "azldev.toml:4 components.c.y: unknown key 'y'",
        "azldev.toml:5 components.c.build.z: unknown key 'z'",
    ], "a file that is wrong is not followed further"
    root = 'includes = ["a.toml", "b.toml"]'
    told = problems({"azldev.toml": root, "a.toml": "broken", "b.toml": "[project]\nlog-dri = 'x'"})
    assert len(told) == 2
    assert told[0].startswith("a.toml:1: not valid TOML: ")
    assert told[1] == "b.toml:2 project.log-dri: unknown key 'log-dri' (did you mean 'log-dir'?)"


def test_names_in_messages_move_no_cursor(problems: Problems) -> None:
    told = problems(r'includes = ["a\u001b2J\nb"]')
    assert len(told) == 1
    assert told[0].isprintable()
    assert r"failed to find include file 'a\u001b2J\u000ab'" in told[0]


def test_what_azldev_reads_in_spite_of_its_form(load: Load) -> None:
    project = load(
        """
        "$schema" = "x"
        [Project]
        Description = "d"
        [components.x]
        build.With = ["a"]
        build.check = { skip = true, skip_reason = "r" }
        [[components.x.overlays]]
        type = "spec-remove-tag"
        tag = "A"
        lines = ["means nothing here"]
        regex = "["
        [[components.x.overlays]]
        Type = "spec-add-tag"
        tag = "A"
        value = "1"
        archive = ""
        [[components.x.overlays]]
        type = "spec-remove-subpackage"
        package = "p"
        section = ""
        [components.y]
        spec = { type = "local", path = "y.spec", upstream-commit = "", upstream-name = "" }
        release.calculation = ""
        [components.z]
        spec = { type = "", path = "", upstream-commit = "" }
        [[components.z.source-files]]
        filename = "a"
        origin = { type = "download", uri = "http://h/a", script = "", inputs = [] }
        [tools.imageCustomizer]
        containerTag = "t"
        [resources.rpm-repo-set-templates.t]
        subrepos = [{ name = "a", subpath = "a", kind = "" }]
        """
    )
    assert [type_of(one) for one in project.component("x").overlays] == [
        "spec-remove-tag",
        "spec-add-tag",
        "spec-remove-subpackage",
    ]
    assert project.component("y").release.calculation == "auto"
    assert project.resources.rpm_repo_set_templates["t"].subrepos[0].kind == "binary"
    assert project.settings.description == "d"
    assert project.component("x").build.with_ == ("a",)
    assert project.tools.image_customizer.container_tag == "t"


def test_permissive_loading_ignores_unknown_keys(load: Load) -> None:
    project = load("new = 1\n[components.x]\nnew.er = 2\nbuild.with = ['a']", permissive=True)
    assert project.component("x").build.with_ == ("a",)


ADDITIONS = [
    "[channels.c]",
    "[signing]\nname = 'n'",
    "[seeds.s]\nsuites = ['trixie']",
    "[project]\nmerge-components = true",
    "[components.x.seed]\nlicense = 'MIT'",
    "[components.x.spec]\ntype = 'deb'\nsource = 'x'",
    "[default-component-config.spec]\ntype = 'deb'\nsource = 'x'",
    "[distros.d.versions.1.default-component-config]\nspec = { type = 'deb', source = 'x' }",
    "[component-groups.g.default-component-config.seed]\nlicense = 'MIT'",
    "[[components.x.source-files]]\nfilename = 'k'\norigin.type = 'signing-key'",
    "[[components.x.source-files]]\nfilename = 'p.tar'\norigin = { type = 'python-package', name = 'boatyard_boot' }",
    "[[components.x.source-files]]\nfilename = 'a'\norigin = { type = 'deb-source', package = 'x' }",
    "[images.i]\ndefinition.type = 'native'\nnative.packages = ['bash']",
    "[[components.x.overlays]]\ntype = 'spec-set-macro'\nmacro = 'm'\nvalue = 'v'",
]


@pytest.mark.parametrize("text", ADDITIONS)
def test_additions_need_a_boatyard_project(load: Load, problems: Problems, text: str) -> None:
    told = problems(text)
    assert "in an azldev project (Boatyard's own keys need a boatyard.toml" in told[0]
    load(text, root="boatyard.toml")
    load({"boatyard.toml": 'includes = ["azldev.toml"]', "azldev.toml": text}, root="boatyard.toml")


LAYOUT = """\
[images.i]
definition.type = "native"
[images.i.native.layout]
partitions = [
    { name = "esp", role = "esp", size = "64 MiB" },
    { name = "root", role = "root" },
]
filesystems = [{ on = "esp", type = "vfat", mount = "/boot/efi" }, { on = "root", type = "ext4", mount = "/" }]
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('role = "root" }', 'role = "root", sise = "rest" }',
         ":6 images.i.native.layout.partitions[1].sise: unknown key 'sise' (did you mean 'size'?)"),
        ("partitions = [", 'volume-group = "vg"\npartitions = [',
         ":4 images.i.native.layout.volume-group: unknown key 'volume-group'"),
        ('mount = "/" }', 'mnt = "/" }', ":8 images.i.native.layout.filesystems[1].mnt: unknown key 'mnt'"),
        (', role = "root"', "", ":6 images.i.native.layout.partitions[1]: missing key 'role' (add `role = …`)"),
        ('"64 MiB"', '"much"', "'much' is not a size"),
    ],
)  # fmt: skip
def test_layouts(problems: Problems, load: Load, old: str, new: str, told: str) -> None:
    load(LAYOUT, root="boatyard.toml")
    assert told in problems(LAYOUT.replace(old, new), root="boatyard.toml")[0]


def test_a_native_image_needs_both_tables(problems: Problems) -> None:
    for text in ("[images.i]\ndefinition.type = 'native'", "[images.i.native]\npackages = ['a']"):
        assert "go together" in problems(text, root="boatyard.toml")[0]
    text = "[images.i]\ndefinition.type = 'native'\nnative.label = 'a b'"
    assert "is not a volume label" in problems(text, root="boatyard.toml")[0]


@pytest.mark.parametrize("seed", range(20))
def test_what_passes_without_re2_is_good_for_it(seed: int) -> None:
    rng = random.Random(seed)
    parts = [*list("ab.*+?^$|(){}[]\\-,19 "), "\\s", "(?m)", "[Ff]", "\\.", "%{x}", ".*", "\\-", "\\/"]
    passed = 0
    for _ in range(3000):
        regex = "".join(rng.choices(parts, k=rng.randint(1, 6)))
        if overlay._SIMPLE.fullmatch(regex):
            compile_regex(regex)
            passed += 1
    assert passed > 100


@pytest.mark.parametrize(
    "names",
    [
        ["a"],
        [],
        ["a", "b.c"],
        ["..a", "a."],
        [""],
        ["."],
        [".."],
        ["a", "."],
        ["a/b"],
        ["a\n"],
        ["a\nb"],
        ["a b"],
        ["é"],
        ["x" * 200],
        ["x" * 201],
    ],
)
def test_many_names_at_once_as_one_by_one(names: list[str]) -> None:
    assert are_file_names(names) == (not any(map(file_name_problem, names)))
