#!/bin/sh
# Words of several variables without quotes, as in install-sh and tzselect.
dir=/srv/app
name=$1
conf=$dir/$1
copy=$dir/$name.conf
old=:$2:$3:$4
tmp=${TMPDIR-/tmp}/app$name-$$
exec 0</dev/null {out}>&1
if [ -f $dir/$name.conf ]; then
    cp $dir/$name.conf $tmp/$1
fi
for i do
    cat 0<$dir/$i.txt >$tmp/$i.out
done
rm -rf $(ls $dir | grep -v ^packages$)
echo "$conf $copy $old"
