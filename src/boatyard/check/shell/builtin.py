"""Names that the shell itself knows (bash 5.2, "Shell Builtin Commands" and "Reserved Words")."""

_BUILTINS = """
. : [ alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo
enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd
printf pushd pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset
ulimit umask unalias unset wait time coproc if then else elif fi case esac for select while until do done in
function { } ! [[ ]] (( ))
"""
BUILTINS = frozenset(_BUILTINS.split())
SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "rbash"))
# Ask something, so that failing is an answer and not a fault.
_QUERIES = """
[ [[ test grep egrep fgrep zgrep rg diff cmp id getent mountpoint pgrep pidof ping nc ncat lsmod findmnt blkid
lsblk mount mokutil systemd-detect-virt curl wget dig host nslookup git ip rpm dpkg pip pip3 docker podman read
fuser lsof kill stat ls getenforce selinuxenabled timedatectl cloud-init
"""
QUERIES = frozenset(_QUERIES.split())
ASKS_VERSION = frozenset(("--version", "-V", "-v", "version", "--help", "-version", "-h"))
