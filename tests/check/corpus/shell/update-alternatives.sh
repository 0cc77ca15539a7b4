#!/bin/bash
update-alternatives --set editor /usr/bin/vim.basic
