// The wires of the jig: what the pins do reaches the virtual board. Runs in the virtual machine.
//
//   wires sysfs FOLDER POWER RESET SOCKET    levels of two lines of a gpio-sim chip, to the socket of `flashjig sim`
//   wires registers POWER RESET              levels of two pins of a BCM2837 by its own registers, printed after "wire "
//   wires level PIN...                       prints the levels of pins of a BCM2837; 27u: with a resistor to 3.3 V
//   wires pump TTY TTY                       passes bytes between two serial lines, also after one was unplugged
//
// Each change becomes one line: `power on`, `power off`, `cen low`, `cen high`. Active high power, active low reset. The registers are read directly, GPLEV0 at 0x34 of the GPIO block at
// 0x3F200000 (BCM2835 ARM Peripherals, 6.1): another way than the one by which flashjig writes them. A pin that is an input is
// where the jig's resistors pull it, which qemu does not know: CEN up, all others down.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define GPIO_BLOCK 0x3F200000
#define GPLEV0 (0x34 / 4)

static const char *folder;
static volatile uint32_t *registers;

static void fail(const char *what) {
  fprintf(stderr, "wires: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void map(void) {
  int memory = open("/dev/mem", O_RDONLY | O_SYNC);
  if (memory < 0) fail("/dev/mem");
  void *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, memory, GPIO_BLOCK);
  if (at == MAP_FAILED) fail("mmap of the GPIO block; the kernel needs iomem=relaxed");
  registers = at;
}

static int level(int pin, int pull) {
  if (registers) {
    int function = registers[pin / 10] >> pin % 10 * 3 & 7; // GPFSEL0..5: 0 is an input
    return function ? registers[GPLEV0] >> pin & 1 : pull;
  }
  char path[256], digit = '0';
  snprintf(path, sizeof path, "%s/sim_gpio%d/value", folder, pin);
  int file = open(path, O_RDONLY);
  if (file < 0 || read(file, &digit, 1) != 1) fail(path);
  close(file);
  return digit == '1';
}

static int to_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int out = socket(AF_UNIX, SOCK_STREAM, 0);
  if (out < 0 || connect(out, (struct sockaddr *)&address, sizeof address)) fail(path);
  return out;
}

static int to_tty(const char *path) {
  int out = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
  struct termios mode;
  if (out < 0 || tcgetattr(out, &mode)) return -1;
  cfmakeraw(&mode);
  cfsetspeed(&mode, B115200);
  if (tcsetattr(out, TCSANOW, &mode)) fail(path);
  return out;
}

static void pump(char **path) {
  struct pollfd line[2] = {{.fd = -1, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
  for (;;) {
    for (int i = 0; i < 2; i++)
      if (line[i].fd < 0) line[i].fd = to_tty(path[i]);
    if (poll(line, 2, 100) < 0) fail("poll");
    for (int i = 0; i < 2; i++) {
      char bytes[512];
      ssize_t length = line[i].revents ? read(line[i].fd, bytes, sizeof bytes) : 0;
      if (line[i].revents && length <= 0 && errno != EAGAIN) {
        close(line[i].fd), line[i].fd = -1;
        usleep(50000);
        continue;
      }
      for (ssize_t done = 0, now; done < length; done += now) {
        now = line[!i].fd < 0 ? length : write(line[!i].fd, bytes + done, length - done);
        if (now > 0) continue;
        if (errno != EAGAIN) break;
        now = 0, usleep(200);
      }
    }
  }
}

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void tell(int out, const char *line, long start) {
  if (out < 0) {
    printf("wire %s\n", line);
    fflush(stdout);
    return;
  }
  char answer[256];
  size_t length = 0;
  if (dprintf(out, "%s\n", line) < 0) fail("the board's control");
  while (length < sizeof answer - 1) {
    struct pollfd wait = {.fd = out, .events = POLLIN};
    if (poll(&wait, 1, 2000) <= 0) break;
    if (read(out, answer + length, 1) != 1) break;
    if (answer[length++] == '\n') break;
  }
  answer[length] = 0;
  printf("%8ld %s: %s%s", now() - start, line, answer, length ? "" : "no answer\n");
  fflush(stdout);
}

int main(int count, char **word) {
  if (count > 2 && !strcmp(word[1], "level")) {
    map();
    for (int i = 2; i < count; i++) printf("%d%c", level(atoi(word[i]), !!strchr(word[i], 'u')), i + 1 < count ? ' ' : '\n');
    return 0;
  }
  int power_pin, reset_pin, out;
  if (count == 6 && !strcmp(word[1], "sysfs")) {
    folder = word[2], power_pin = atoi(word[3]), reset_pin = atoi(word[4]), out = to_socket(word[5]);
  } else if (count == 4 && !strcmp(word[1], "registers")) {
    map();
    power_pin = atoi(word[2]), reset_pin = atoi(word[3]), out = -1;
  } else if (count == 4 && !strcmp(word[1], "pump")) {
    pump(word + 2);
    return 0;
  } else {
    fprintf(stderr, "wires: expected sysfs, registers, level or pump; see the head of wires.c\n");
    return 2;
  }
  long start = now();
  for (int power = -1, reset = -1;; usleep(500)) {
    int is = level(power_pin, 0);
    if (is != power) tell(out, (power = is) ? "power on" : "power off", start);
    is = level(reset_pin, 1);
    if (is != reset) tell(out, (reset = is) ? "cen high" : "cen low", start);
  }
}
