#include "tools/driver/Driver.h"

int main(int argc, char **argv) { return sluice::sluiceMain(argc, argv); }
