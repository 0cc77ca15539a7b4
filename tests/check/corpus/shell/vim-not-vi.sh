#!/bin/bash
vi -c ':q' /etc/hosts
vim +PlugInstall +qall
