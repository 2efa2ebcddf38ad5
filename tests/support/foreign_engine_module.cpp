// A module of another version: it refuses whatever the program asks for.
#include "core/model/engine.h"

extern "C" attnviz::Engine* attnviz_engine(int /*abiVersion*/) {
    return nullptr;
}
