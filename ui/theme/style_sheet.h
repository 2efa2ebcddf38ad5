// The style sheet of the whole program, made of a palette. The only place with widget colours and corners.
#pragma once

#include <QString>

#include "ui/theme/palette.h"

namespace attnviz::ui {

QString styleSheet(const Palette& palette);

}  // namespace attnviz::ui
