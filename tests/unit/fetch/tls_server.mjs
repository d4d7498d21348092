// A TLS server for tls_test.c: `node tls_server.mjs KEY CERT h1|h2`. Prints its port; ends when its standard input does.
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';

const [, , keyFile, certFile, mode] = process.argv;
const options = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
const server = mode === 'h2' ? http2.createSecureServer(options) : https.createServer(options);

const counts = { connections: 0, requests: 0, open: 0 };
server.on('secureConnection', () => counts.connections++);

const byteAt = (at) => (Math.imul(at, 0x9e3779b1) >>> 11) & 0xff;

function produce(response, size) {
  let at = 0;
  const more = () => {
    while (at < size) {
      const piece = Buffer.alloc(Math.min(10000, size - at));
      for (let i = 0; i < piece.length; i++) piece[i] = byteAt(at + i);
      at += piece.length;
      if (!response.write(piece)) return response.once('drain', more);
    }
    response.end();
  };
  more();
}

function cut(response) {
  if (response.stream) response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  else response.socket.destroy();
}

server.on('request', (request, response) => {
  counts.requests++;
  counts.open++;
  response.on('close', () => counts.open--);
  const url = new URL(request.url, 'https://localhost');
  const body = [];
  request.on('data', (bytes) => body.push(bytes));
  request.on('error', () => {});
  request.on('end', () => {
    response.setHeader('x-version', request.httpVersion);
    if (url.pathname === '/echo') response.end(Buffer.concat(body));
    else if (url.pathname === '/counts') response.end(JSON.stringify(counts));
    else if (url.pathname === '/stall') response.write('hello');
    else if (url.pathname === '/produce') produce(response, Number(url.searchParams.get('size')));
    else if (url.pathname === '/cut') response.write('hello', () => cut(response));
    else if (url.pathname === '/reset') cut(response);
  });
});
server.on('sessionError', () => {});
server.on('tlsClientError', () => {});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
