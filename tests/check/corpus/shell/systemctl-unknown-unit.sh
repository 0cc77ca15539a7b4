#!/bin/bash
systemctl daemon-reload
systemctl enable --now telegraf
