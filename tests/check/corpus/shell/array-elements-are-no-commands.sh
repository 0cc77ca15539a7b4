#!/bin/bash
tools=(htop tree neofetch)
declare -A colours=([htop]=red [tree]=green)
echo "${#tools[@]} ${colours[htop]}"
