"""Seeds: distributions of .debs that components are repackaged from, and the rules of repackaging, as data."""

from msgspec import field

from boatyard.config.model.struct import Table
from boatyard_boot.arch import Arch

ARCH_WORD = "$arch"
DEFAULT_PRIORITY = 1_000_000  # rpm-file-triggers(7)


class DebSpec(Table, frozen=True, tag_field="type", tag="deb"):
    """`spec = { type = "deb", … }`: one Debian source package, whose binary .debs become the subpackages of one spec.

    `source` and every package name may hold `$arch`, which stands for Debian's name of the architecture (amd64).
    `binaries`: package names, `*` globs among the packages of the source. `follow`: metapackages; the packages of the
    same source that they depend on are taken as well (a kernel's package name holds its ABI and is not known ahead).
    `arch-binaries`: more package names for one architecture only. `seed`: which `[seeds.<name>]`; empty: the only one.
    """

    source: str
    binaries: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()
    arch_binaries: dict[Arch, tuple[str, ...]] = field(default_factory=dict)
    seed: str = ""

    def source_for(self, arch: Arch) -> str:
        """The name of the source package on an architecture."""
        return self.source.replace(ARCH_WORD, arch.deb)

    def binaries_for(self, arch: Arch) -> tuple[str, ...]:
        """Names and globs of the binary packages on an architecture, in the order written."""
        return tuple(name.replace(ARCH_WORD, arch.deb) for name in (*self.binaries, *self.arch_binaries.get(arch, ())))

    def follow_for(self, arch: Arch) -> tuple[str, ...]:
        """Names of the metapackages to follow on an architecture."""
        return tuple(name.replace(ARCH_WORD, arch.deb) for name in self.follow)


class Move(Table, frozen=True):
    """Files that go elsewhere: `path` is a regular expression for a whole path, `to` the new one (`\\1` for groups).

    `ghost`: the package still lists the old path, as a file that is made in the running system.
    """

    path: str
    to: str
    ghost: bool = False


class Trigger(Table, frozen=True):
    """A file trigger: `when` is rpm's word (transfiletriggerin …), `paths` the prefixes it watches, `script` shell.

    The higher the `priority`, the earlier it runs; rpm's own is 1000000.
    """

    when: str
    paths: tuple[str, ...]
    script: str
    priority: int = DEFAULT_PRIORITY


class PackageRules(Table, frozen=True):
    """`[components.X.seed.packages.<rpm>]`: what one subpackage gets beyond what is in its .deb.

    Paths are absolute. `drop-paths` and `keep-paths` are globs (`*` within a name, `**` across; a folder stands for all
    below it); what is kept wins. Then in this order: `moves`, `copies` (new path = path in the package), `joins` (new
    path = glob of files put one after the other), `links` (path = target), `files` (path = text), `directories`
    (path = octal mode), `ghosts` (path = octal mode; a final `/` makes it a folder). `modes` (octal) and `owners`
    (`user:group`) concern any of them. `config`: marked %config(noreplace), beside Debian's own conffiles.
    `verify`: path = what rpm -V leaves out, as in `not md5 size mtime`. `scriptlets`: rpm's word (post …) = shell, in
    which `@name@` stands for what the group of the regular expression `captures.name` matches in the path of a file.
    """

    drop_paths: tuple[str, ...] = ()
    keep_paths: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    copies: dict[str, str] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    directories: dict[str, str] = field(default_factory=dict)
    ghosts: dict[str, str] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    config: tuple[str, ...] = ()
    verify: dict[str, str] = field(default_factory=dict)
    provides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    obsoletes: tuple[str, ...] = ()
    drop_dependencies: tuple[str, ...] = ()
    scriptlets: dict[str, str] = field(default_factory=dict)
    captures: dict[str, str] = field(default_factory=dict)
    triggers: tuple[Trigger, ...] = ()


class SeedRules(Table, frozen=True):
    """`[components.X.seed]`: repackaging rules of one component, on top of those of its seed."""

    license: str = ""
    packages: dict[str, PackageRules] = field(default_factory=dict)


class Seed(Table, frozen=True):
    """`[seeds.<name>]`: a Debian release, and the repackaging rules that hold for all of it.

    `suites`: newest version of a package wins over all of them. `keyring`: what InRelease is verified with.
    `drop-dependencies`: package names and globs; a dependency with such an alternative is left out.
    `drop-paths`, `keep-paths`: as in PackageRules. `shared-directories`: folders that belong to the package
    `filesystem`, so that no other lists them. `names`: .deb name or glob = rpm name, the first that fits; else
    the name without one of the `drop-suffixes` (t64). `requires`: what every package requires.
    `exclude-requires`: regular expressions for requirements rpm finds by itself that are left out.
    """

    suites: tuple[str, ...]
    components: tuple[str, ...] = ("main",)
    keyring: str = "/usr/share/keyrings/debian-archive-keyring.gpg"
    drop_dependencies: tuple[str, ...] = ()
    drop_paths: tuple[str, ...] = ()
    keep_paths: tuple[str, ...] = ()
    shared_directories: tuple[str, ...] = ()
    drop_suffixes: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    exclude_requires: tuple[str, ...] = ()
