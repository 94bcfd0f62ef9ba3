#!/bin/sh
# lay-system.sh FOLDER: a root file system of Debian packages with what Saker calls, and nothing to install more with.
#
# The packages are unpacked and not installed: their scripts need perl, dpkg and the like, which are thereby left out.
set -eu
root=$1

# What Saker calls: git over http and ssh, a private Redis for `saker up`, a shell, an init; the libraries of node.
wanted='base-files ca-certificates dash git libatomic1 libstdc++6 openssh-client tini valkey-server'

# Needed by scripts of packages, by manuals and by hardware keys alone.
needless='^(adduser|base-passwd|debconf|debianutils|git-man|gpgv|init-system-helpers|openssl.*|passwd|login.*|mawk|gawk|.*perl.*|perl.*|readline-common|cdebconf|cpp|libaudit.*|libcap-ng0|libcbor.*|libdb5.*|libdebconfclient0|libfido2-.*|libgdbm.*|libpam.*|libreadline.*|libsemanage.*|libsepol.*|libudev1|sensible-utils)$'

folder=$(mktemp -d)
chmod 755 "$folder"
cd "$folder"
# Against an empty list of what is installed, apt names everything that these need.
# shellcheck disable=SC2086 # one word per package
packages=$(apt-get install --simulate --no-install-recommends -o Dir::State::status=/dev/null $wanted |
  sed -n 's/^Inst \([^ ]*\) .*/\1/p' | grep -Ev "$needless")
# shellcheck disable=SC2086 # one word per package
apt-get download -o APT::Sandbox::User=root -o Acquire::Retries=3 -qq $packages

mkdir -p "$root/var/lib/dpkg/status.d"
# base-files first: it brings the links of /bin and /lib, which the others lay their files through.
for package in base-files*.deb *.deb; do
  dpkg-deb --extract "$package" "$root"
  dpkg-deb --field "$package" >"$root/var/lib/dpkg/status.d/$(dpkg-deb --field "$package" Package)"
done
cd /
rm -rf "$folder"

cd "$root"
# Nothing is read by people in here, in whatever language; the licences stay.
rm -rf usr/share/bash-completion usr/share/gitweb usr/share/info usr/share/lintian usr/share/locale usr/share/man \
  usr/share/perl5 usr/share/zsh usr/lib/openssh usr/lib/systemd usr/lib/*/gconv usr/lib/*/sasl2 usr/sbin etc/init.d \
  etc/cron* etc/default
find usr/share/doc -type f ! -name copyright -delete
find usr/bin -mindepth 1 ! -name dash ! -name sh ! -name git ! -name git-receive-pack ! -name git-upload-pack \
  ! -name git-upload-archive ! -name ssh ! -name tini ! -name 'valkey-cli' ! -name valkey-server \
  ! -name valkey-check-rdb -delete
find usr/lib/git-core -type f ! -name git ! -name git-remote-http -delete
ln -sf ../../bin/git usr/lib/git-core/git
find usr -xtype l -delete
find usr var etc -depth -type d -empty -delete

# What the scripts of the packages would have made.
mkdir -p etc/ssl/certs home proc root run sys tmp usr/local/bin usr/sbin usr/share/saker var/lib var/tmp
chmod 1777 tmp var/tmp
cat usr/share/ca-certificates/mozilla/*.crt >etc/ssl/certs/ca-certificates.crt
rm -rf usr/share/ca-certificates
cat >etc/passwd <<PASSWD
root:x:0:0:root:/root:/usr/sbin/nologin
saker:x:65532:65532:Saker:/var/lib/saker:/usr/sbin/nologin
PASSWD
cat >etc/group <<GROUP
root:x:0:
saker:x:65532:
GROUP
echo 'hosts: files dns' >etc/nsswitch.conf
