// The toy engine as a module, in the place of the one that needs LibTorch.
#include "tests/support/toy_engine.h"

extern "C" attnviz::Engine* attnviz_engine(int abiVersion) {
    static attnviz::test::ToyEngine engine;
    return abiVersion == attnviz::kEngineAbiVersion ? &engine : nullptr;
}
