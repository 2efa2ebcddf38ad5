// How the whole program looks: light, dark or as the system says; fonts; style sheet. One for the process.
//
// apply() may be called at any time; widgets that paint themselves repaint on changed().
#pragma once

#include <QFont>
#include <QObject>
#include <QString>

#include "ui/theme/palette.h"

namespace attnviz::ui {

enum class ThemeChoice { system, light, dark };
// "system", "light", "dark"; anything else is system.
ThemeChoice themeChoiceFromName(const QString& name);
QString themeChoiceName(ThemeChoice choice);

class Appearance final : public QObject {
    Q_OBJECT
 public:
    static Appearance& instance();

    void apply(ThemeChoice choice);
    ThemeChoice choice() const { return m_choice; }
    const Palette& palette() const { return *m_palette; }

 signals:
    void changed();

 private:
    Appearance() = default;
    ThemeChoice m_choice = ThemeChoice::system;
    const Palette* m_palette = &lightPalette();
};

inline const Palette& palette() {
    return Appearance::instance().palette();
}

// Interface and token fonts in pixels of the 1x design.
QFont interfaceFont(int pixels = 12, QFont::Weight weight = QFont::Normal);
QFont tokenFont(int pixels = 12, QFont::Weight weight = QFont::Normal);

}  // namespace attnviz::ui
