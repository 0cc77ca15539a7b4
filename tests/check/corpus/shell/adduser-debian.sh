#!/bin/bash
adduser --disabled-password --gecos "" deploy
