#!/bin/sh
tools=/srv/tools
for name in one two; do
    if [ -f $tools/$name.json ]; then
        jq . $tools/$name.json >$tools/$name.txt
    fi
done
count=$(ls $tools | grep -c json$)
for i do jq -r .name 0<$tools/$i.json; done
git -C $tools/$count.git status
