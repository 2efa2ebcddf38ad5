// Sessions that the tests of this room share.
#pragma once

#include <string>
#include <vector>

#include "core/session/session.h"

namespace attnviz::test {

// Three kinds of attention, padding, windows, a grouped head, special tokens, predictions, a view, notes,
// other keys.
Session encoderDecoderSession();

// Three layers of queries and keys with two shared heads: ALiBi, a relative table, a soft cap with a learned
// sink. On request the last layer holds a value beyond float16.
Session factoredSession(bool beyondHalf = false);

// All weights of a source, in the order layer, head, query, key.
std::vector<float> weightsOf(const AttentionSource& source);

}  // namespace attnviz::test
