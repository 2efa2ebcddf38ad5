// The program's own icons: a 16 px grid, 1.4 px round stroke, drawn in colours of the palette at any scale.
#pragma once

#include <QIcon>

namespace attnviz::ui {

enum class Icon {
    model,
    folder,
    file,
    text,
    run,
    stop,
    close,
    dock,
    warning,
    zoomIn,
    zoomOut,
    fit,
    copy,
    exportFile,
    drop,
    pin
};
enum class IconColor { text, secondary, accent, onAccent, warning, error };

QIcon icon(Icon which, IconColor color = IconColor::text);
// The program's own, for the window and the task bar.
QIcon programIcon();

}  // namespace attnviz::ui
