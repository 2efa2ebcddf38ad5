#include "ui/theme/appearance.h"

#include <QApplication>
#include <QFontDatabase>
#include <QPalette>
#include <QStyle>
#include <QStyleFactory>
#include <QToolTip>

#include "ui/theme/style_sheet.h"

// Of a static library: its resources are registered only when asked. Outside every namespace, as Qt wants it.
static void registerMarks() {
    Q_INIT_RESOURCE(theme);
}

namespace attnviz::ui {
namespace {

QPalette qtPalette(const Palette& p) {
    QPalette out;
    out.setColor(QPalette::Window, p.window);
    out.setColor(QPalette::WindowText, p.text);
    out.setColor(QPalette::Base, p.panel);
    out.setColor(QPalette::AlternateBase, p.readOut);
    out.setColor(QPalette::Text, p.text);
    out.setColor(QPalette::PlaceholderText, p.secondaryText);
    out.setColor(QPalette::Button, p.panel);
    out.setColor(QPalette::ButtonText, p.text);
    out.setColor(QPalette::BrightText, p.onAccent);
    out.setColor(QPalette::Highlight, p.selectedRow);
    out.setColor(QPalette::HighlightedText, p.selectedText);
    out.setColor(QPalette::Link, p.accent);
    out.setColor(QPalette::ToolTipBase, p.panel);
    out.setColor(QPalette::ToolTipText, p.text);
    out.setColor(QPalette::Light, p.panel);
    out.setColor(QPalette::Mid, p.line);
    out.setColor(QPalette::Dark, p.controlOutline);
    out.setColor(QPalette::Shadow, p.line);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        out.setColor(QPalette::Disabled, role, p.disabledText);
    return out;
}

// The desktop's own font where a desktop says one; a bare machine has none worth the name, Inter is better.
QString interfaceFamily() {
    static const QString family = [] {
        const QString desktop = qEnvironmentVariable("XDG_CURRENT_DESKTOP");
        if (desktop.isEmpty() && QFontDatabase::hasFamily("Inter")) return QString("Inter");
        return QFontDatabase::systemFont(QFontDatabase::GeneralFont).family();
    }();
    return family;
}

QString fixedFamily() {
    static const QString family = [] {
        for (const char* name : {"JetBrains Mono", "Noto Sans Mono", "DejaVu Sans Mono"})
            if (QFontDatabase::hasFamily(name)) return QString(name);
        return QFontDatabase::systemFont(QFontDatabase::FixedFont).family();
    }();
    return family;
}

bool systemIsDark() {
    return QApplication::style()->standardPalette().color(QPalette::Window).lightness() < 128;
}

}  // namespace

ThemeChoice themeChoiceFromName(const QString& name) {
    return name == "light" ? ThemeChoice::light : name == "dark" ? ThemeChoice::dark : ThemeChoice::system;
}

QString themeChoiceName(ThemeChoice choice) {
    return choice == ThemeChoice::light ? "light" : choice == ThemeChoice::dark ? "dark" : "system";
}

Appearance& Appearance::instance() {
    static Appearance appearance;
    return appearance;
}

void Appearance::apply(ThemeChoice choice) {
    static const bool systemDark = systemIsDark();  // asked before our own style and palette are set
    registerMarks();
    m_choice = choice;
    const bool dark = choice == ThemeChoice::dark || (choice == ThemeChoice::system && systemDark);
    m_palette = dark ? &darkPalette() : &lightPalette();
    QApplication::setStyle(QStyleFactory::create("Fusion"));
    QApplication::setPalette(qtPalette(*m_palette));
    QApplication::setFont(interfaceFont());
    QToolTip::setFont(interfaceFont());
    QToolTip::setPalette(qtPalette(*m_palette));
    qApp->setStyleSheet(styleSheet(*m_palette));
    emit changed();
}

QFont interfaceFont(int pixels, QFont::Weight weight) {
    QFont font(interfaceFamily());
    font.setPixelSize(pixels);
    font.setWeight(weight);
    return font;
}

QFont tokenFont(int pixels, QFont::Weight weight) {
    QFont font(fixedFamily());
    font.setPixelSize(pixels);
    font.setWeight(weight);
    font.setStyleHint(QFont::Monospace);
    return font;
}

}  // namespace attnviz::ui
