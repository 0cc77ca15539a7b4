#!/bin/bash
set -euo pipefail
token=$(curl -s -H Metadata:true 'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net' | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')
secret=$(curl -s -H "Authorization: Bearer $token" "https://$1/secrets/$2?api-version=7.4")
printf '%s' "$secret" | openssl dgst -sha256
