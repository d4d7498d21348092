// Preloaded into servers of others that listen everywhere: they listen on this machine only.
import net from "node:net";

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port, ...rest) {
  return typeof port === "object" || typeof rest[0] === "string" ? listen.call(this, port, ...rest) : listen.call(this, Number(port), "127.0.0.1", ...rest);
};
