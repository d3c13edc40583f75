#!/bin/sh
# How these files were made, with OpenSSL: an authority for the tests, and certificates of it for a node on this machine.
# They hold for a hundred years and the key is here for all to read: they are for tests and for nothing else.
set -e
work=$(mktemp -d)
touch "$work/index"
cat > "$work/config" <<END
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[node]
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
END
request() { # key, name
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$1" -out "$1.request"
}
sign() { # request, extensions, first day, last day, certificate, and by whom
  request=$1 extensions=$2 first=$3 last=$4 certificate=$5
  shift 5
  openssl ca -batch -notext -config "$work/config" -in "$request" -extensions "$extensions" \
    -startdate "$first"000000Z -enddate "$last"000000Z -out "$certificate" -keyfile "$work/ca" "$@"
}
request "$work/ca" 'Tests of the embedded store'
request server.key localhost
sign "$work/ca.request" authority 20200101 21200101 ca.pem -selfsign
sign server.key.request node 20200101 21200101 server.pem -cert ca.pem
sign server.key.request node 20200101 20210101 expired.pem -cert ca.pem
sign server.key.request node 21190101 21200101 early.pem -cert ca.pem
rm -r "$work" server.key.request
