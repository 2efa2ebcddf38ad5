// Sessions that the tests of this room share.
#pragma once

#include <string>
#include <vector>

#include "core/session/session.h"

namespace attnviz::test {

// Three kinds of attention, padding, windows, a grouped head, special tokens, predictions, a view, notes,
// other keys.
Session encoderDecoderSession();

// All weights of a source, in the order layer, head, query, key.
std::vector<float> weightsOf(const AttentionSource& source);

}  // namespace attnviz::test
