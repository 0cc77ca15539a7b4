#!/bin/bash
f() {
    local -r name=$1 tool
    declare -i n=0
    readonly X="$(hostname)"
    export Y=2 Z
    typeset -a list
    unset n
    let n=1+1
}
f x
