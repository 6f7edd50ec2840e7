# Whether the engine is ready, asked in its own container: `bash -c <this> readyz CERTIFICATE PORT`. The image has no
# curl; it has openssl, which ca-certificates needs. Should an image come without it, an open port has to do.
if command -v openssl >/dev/null; then
  printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
    timeout 4 openssl s_client -quiet -verify_return_error -CAfile "$1" -connect "127.0.0.1:$2" 2>/dev/null |
    grep --quiet '^HTTP/1.1 200 '
else
  : <"/dev/tcp/127.0.0.1/$2"
fi
