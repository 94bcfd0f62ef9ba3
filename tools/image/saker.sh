#!/bin/sh
exec /usr/local/bin/node /opt/saker/apps/cli/dist/main.js "$@"
