#include "app/view_filters.h"

namespace attnviz {

FilterSettings filterSettings(const CommandLine& line) {
    FilterSettings settings;
    settings.hideSpecial = line.hideSpecial;
    settings.hideSinks = line.hideSinks;
    settings.renormalize = line.renormalize;
    settings.words = line.words;
    settings.threshold = line.threshold.value_or(0);
    settings.topK = line.topK.value_or(0);
    settings.mass = line.mass.value_or(0);
    return settings;
}

}  // namespace attnviz
