#!/bin/bash
# Uses what Skiff has, what it could install and what nobody has, in the ways in which scripts do.
curl --version | head -n 1
sudo -n true
command -v strace >/dev/null && strace -V
if [ -x /usr/bin/jq ]; then jq --version; fi
type -P rsync >/dev/null || echo "no rsync, fine"
dnf install -y -q bzip2 && bzip2 --version </dev/null 2>&1 | head -n 1
less --version
echo a | cpio -o > /dev/null
greet() { cowsay hi; }
greet
never() { fortune; }
env figlet x
timeout 5 lolcat </dev/null
sudo zip x.zip x
sh -c 'toilet x'
echo x | tree -L 1
bash <<'END'
nmap localhost
END
unzip -l x.zip || true
echo a | xargs wget
(cd /tmp && git status)
for tool in ls htop; do $tool --version | head -n 1; done
said=$(neofetch)
case $(uname -s) in
  Linux) lsb_release -a ;;
  *) sw_vers ;;
esac
[ -e /nowhere ] && ncdu /
exit 0
