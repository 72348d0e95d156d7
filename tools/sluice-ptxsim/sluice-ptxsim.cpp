#include "tools/ptxsim/Ptxsim.h"

int main(int argc, char **argv) { return sluice::ptxsimMain(argc, argv); }
