const http = require("node:http");

http.createServer((_, reply) => reply.end("Hello from plain Node")).listen(process.env.PORT, process.env.HOST);
