/* An independent Modbus TCP device without device identification: libmodbus answers function code 43 with exception 1 and 17 with
 * 'LMB<version>'. Usage: libmodbus_server ADDRESS PORT. Holding register n: 1000 + n. Input register n: 2000 + n.
 * Each request is reported on stdout as one JSON line {"event":"request","hex":"..."}, as libmodbus received it: of a function code it
 * does not know, only the first 8 bytes. */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>

enum { SIZE = 128, BACKLOG = 16 };

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, modbus_strerror(errno));
  exit(1);
}

static modbus_mapping_t *make_mapping(void) {
  modbus_mapping_t *mapping = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
  if (mapping == NULL) die("mapping");
  for (int n = 0; n < SIZE; n++) {
    mapping->tab_bits[n] = n % 2 == 0;
    mapping->tab_input_bits[n] = n % 2 == 1;
    mapping->tab_registers[n] = 1000 + n;
    mapping->tab_input_registers[n] = 2000 + n;
  }
  return mapping;
}

static void report(const uint8_t *request, int length) {
  printf("{\"event\":\"request\",\"hex\":\"");
  for (int i = 0; i < length; i++) printf("%02x", request[i]);
  printf("\"}\n");
  fflush(stdout);
}

/* Answers one request; false when the client has gone. */
static int serve(modbus_t *ctx, int client, modbus_mapping_t *mapping) {
  uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
  modbus_set_socket(ctx, client);
  int length = modbus_receive(ctx, request);
  if (length == -1) return 0;
  report(request, length);
  return modbus_reply(ctx, request, length, mapping) != -1;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s ADDRESS PORT\n", argv[0]);
    return 2;
  }
  modbus_t *ctx = modbus_new_tcp(argv[1], atoi(argv[2]));
  if (ctx == NULL) die("context");
  /* For a function code it does not know libmodbus waits this long, then discards what it did not parse, before it answers. */
  if (modbus_set_response_timeout(ctx, 0, 20000) == -1) die("timeout");
  modbus_mapping_t *mapping = make_mapping();
  int listener = modbus_tcp_listen(ctx, BACKLOG);
  if (listener == -1) die("listen");

  fd_set open;
  FD_ZERO(&open);
  FD_SET(listener, &open);
  int highest = listener;
  for (;;) {
    fd_set ready = open;
    if (select(highest + 1, &ready, NULL, NULL, NULL) == -1) die("select");
    for (int fd = 0; fd <= highest; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == listener) {
        int accepted = listener;
        int client = modbus_tcp_accept(ctx, &accepted);
        if (client == -1) die("accept");
        FD_SET(client, &open);
        if (client > highest) highest = client;
      } else if (!serve(ctx, fd, mapping)) {
        close(fd);
        FD_CLR(fd, &open);
      }
    }
  }
}
