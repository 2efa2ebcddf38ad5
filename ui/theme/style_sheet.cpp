#include "ui/theme/style_sheet.h"

#include <utility>
#include <vector>

namespace attnviz::ui {
namespace {

// @name is a colour of the palette, @icons the folder of marks in its theme.
constexpr const char* kSheet = R"(
QMainWindow, QDialog { background: @window; }
QMainWindow::separator { background: @window; width: 4px; height: 4px; }
QMainWindow::separator:hover { background: @accent; }
QWidget { color: @text; }
QWidget:disabled { color: @disabledText; }

QToolBar { background: @bars; border: none; padding: 0px; spacing: 0px; margin: 0px; }
QMenuBar { background: @bars; border-bottom: 1px solid @hairline; padding: 2px 8px; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 4px; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: @hoveredRow; }
QMenu { background: @panel; border: 1px solid @line; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 12px; border-radius: 4px; }
QMenu::item:selected { background: @selectedRow; color: @selectedText; }
QMenu::item:disabled { color: @disabledText; background: transparent; }
QMenu::separator { height: 1px; background: @hairline; margin: 4px 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 6px; }
QMenu::indicator:checked { image: url(@icons/tick.svg); }

QFrame#promptBar, QFrame#viewBar { background: @bars; border: none; border-bottom: 1px solid @line; }
QStatusBar { background: @bars; border-top: 1px solid @line; min-height: 23px; max-height: 23px; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: @secondaryText; font-size: 11px; }
QFrame#vline { background: @line; border: none; min-width: 1px; max-width: 1px; min-height: 18px; max-height: 18px; }

QFrame#panel { background: @panel; border: 1px solid @line; }
QWidget#paneControls { background: @panel; }
QFrame#readOut { background: @readOut; border: none; border-top: 1px solid @line; }
QFrame#readOut QLabel { color: @secondaryText; }
QDockWidget { titlebar-close-icon: none; titlebar-normal-icon: none; }
QWidget#dockTitle { background: @dockTitle; border: 1px solid @line; border-bottom: 1px solid @line; }
QWidget#dockBody { background: @panel; border: 1px solid @line; border-top: none; }

QLabel { background: transparent; }
QLabel[role="secondary"] { color: @secondaryText; }
QLabel[role="caption"] { color: @secondaryText; font-size: 11px; }
QLabel[role="title"] { font-size: 13px; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="chip"] { border: 1px solid @line; border-radius: 4px; padding: 1px 5px; color: @secondaryText; font-size: 11px; }
QLabel[role="page"] { font-size: 22px; font-weight: 600; }
QLabel[role="error"] { color: @error; }

QLineEdit, QSpinBox, QDoubleSpinBox { background: @input; border: 1px solid @controlOutline; border-radius: 4px;
    padding: 0px 7px; min-height: 22px; selection-background-color: @selectedRow; selection-color: @selectedText; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus { border: 2px solid @accent; padding: 0px 6px; min-height: 20px; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled { border-color: @line; }
QLineEdit[wrong="true"] { border-color: @error; color: @error; }
QLineEdit#prompt, QLineEdit#pair, QLineEdit#target { min-height: 26px; font-size: 13px; }
QLineEdit#prompt:focus, QLineEdit#pair:focus, QLineEdit#target:focus { min-height: 24px; }
QPlainTextEdit, QTextEdit { background: @panel; border: 1px solid @line;
    selection-background-color: @selectedRow; selection-color: @selectedText; }
QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid @accent; }

QPushButton, QToolButton[role="button"] { background: @panel; border: 1px solid @controlOutline; border-radius: 4px;
    padding: 0px 9px; min-height: 22px; }
QPushButton:hover, QToolButton[role="button"]:hover { background: @hoveredRow; }
QPushButton:pressed { background: @selectedRow; }
QPushButton:focus, QToolButton:focus, QComboBox:focus { border: 2px solid @accent; padding: 0px 8px; min-height: 20px; }
QPushButton:disabled { border-color: @line; background: transparent; }
QPushButton::menu-indicator { image: url(@icons/chevron.svg); width: 12px; height: 12px; subcontrol-origin: padding;
    subcontrol-position: center right; right: 6px; }
QPushButton[role="tall"] { min-height: 26px; padding: 0px 12px; }
QPushButton[role="tall"]:focus { min-height: 24px; padding: 0px 11px; }
QPushButton#model { padding: 0px 22px 0px 10px; min-height: 26px; }
QPushButton#model:focus { padding: 0px 21px 0px 9px; min-height: 24px; }
QPushButton[role="primary"] { background: @accent; color: @onAccent; border: 1px solid @accent; font-weight: 600;
    min-height: 26px; padding: 0px 14px; }
QPushButton[role="primary"]:hover { background: @accentHover; }
QPushButton[role="primary"]:focus { border: 2px solid @text; padding: 0px 13px; min-height: 24px; }
QPushButton[role="primary"]:disabled { background: transparent; color: @disabledText; border: 1px solid @line; }
QPushButton[role="link"] { border: none; background: transparent; color: @accent; padding: 0px 2px; }
QPushButton[role="link"]:focus { border: 2px solid @accent; padding: 0px; }
QPushButton[role="segment"] { background: @panel; border-radius: 0px; padding: 0px 8px; margin: 0px; }
QPushButton[role="segment"]:focus { padding: 0px 7px; }
QPushButton[role="segment"][tight="true"] { padding: 0px 4px; }
QPushButton[role="segment"][tight="true"]:focus { padding: 0px 3px; }
QPushButton[role="segment"][place="first"] { border-top-left-radius: 4px; border-bottom-left-radius: 4px; }
QPushButton[role="segment"][place="middle"] { border-left: none; }
QPushButton[role="segment"][place="last"] { border-left: none; border-top-right-radius: 4px; border-bottom-right-radius: 4px; }
QPushButton[role="segment"]:checked { background: @selectedRow; color: @selectedText; font-weight: 600; }
QPushButton[role="segment"]:focus { border: 2px solid @accent; }
QToolButton { background: transparent; border: none; border-radius: 4px; padding: 3px; }
QToolButton:hover { background: @hoveredRow; }
QToolButton:checked { background: @selectedRow; }
QToolButton:focus { border: 2px solid @accent; padding: 1px; min-height: 0px; }

QComboBox { background: @input; border: 1px solid @controlOutline; border-radius: 4px; padding: 0px 4px 0px 8px; min-height: 22px; }
QComboBox:hover { background: @hoveredRow; }
QComboBox:focus { padding: 0px 3px 0px 7px; }
QComboBox:disabled { border-color: @line; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url(@icons/chevron.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: @panel; border: 1px solid @line; padding: 2px; outline: none;
    selection-background-color: @selectedRow; selection-color: @selectedText; }
QComboBox QAbstractItemView::item { min-height: 22px; padding: 0px 4px; }

QCheckBox { spacing: 6px; background: transparent; border: 2px solid transparent; border-radius: 4px; padding: 0px 2px 0px 0px; }
QCheckBox:focus { border: 2px solid @accent; }
QCheckBox::indicator { width: 12px; height: 12px; border: 1px solid @controlOutline; border-radius: 3px; background: @input; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(@icons/check.svg); }
QCheckBox::indicator:disabled { border-color: @line; background: transparent; }

QTableView, QTreeView, QListView { background: @panel; alternate-background-color: @panel; border: none; outline: none;
    gridline-color: @hairline; selection-background-color: @selectedRow; selection-color: @selectedText; }
QTableView::item { padding: 0px 4px; border: none; }
QTableView::item:hover, QListView::item:hover { background: @hoveredRow; }
QTableView::item:selected, QListView::item:selected { background: @selectedRow; color: @selectedText; }
QTableView:focus, QListView:focus { border: 2px solid @accent; }
QHeaderView { background: @readOut; border: none; }
QHeaderView::section { background: @readOut; color: @secondaryText; border: none; border-top: 1px solid @hairline;
    border-bottom: 1px solid @hairline; padding: 3px 4px; font-size: 11px; }
QHeaderView#narrowHeader::section { padding: 3px 0px 3px 2px; font-size: 10px; }
QHeaderView::section:hover { color: @text; }
QHeaderView::up-arrow { image: url(@icons/chevron_up.svg); width: 9px; height: 9px; subcontrol-position: center right; }
QHeaderView::down-arrow { image: url(@icons/chevron.svg); width: 9px; height: 9px; subcontrol-position: center right; }
QTableCornerButton::section { background: @readOut; border: none; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0px; }
QScrollBar::handle { background: @scroll; border-radius: 3px; }
QScrollBar::handle:vertical { min-height: 28px; margin: 2px; }
QScrollBar::handle:horizontal { min-width: 28px; margin: 2px; }
QScrollBar::handle:hover { background: @controlOutline; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0px; height: 0px; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { border: none; background: transparent; }

QTabBar { background: @dockTitle; qproperty-drawBase: 0; }
QTabBar::tab { background: @dockTitle; color: @secondaryText; border: none; border-right: 1px solid @line;
    border-top: 2px solid transparent; padding: 4px 11px 5px 11px; }
QTabBar[tight="true"]::tab { padding: 4px 6px 5px 6px; }
QTabBar::tab:selected { background: @panel; color: @text; font-weight: 600; border-top: 2px solid @accent; }
QTabBar::tab:hover:!selected { background: @hoveredRow; }

QProgressBar { background: @hairline; border: none; border-radius: 2px; min-height: 4px; max-height: 4px; }
QProgressBar::chunk { background: @accent; border-radius: 2px; }
QToolTip { background: @panel; color: @text; border: 1px solid @line; padding: 4px 6px; }
QFrame#banner[kind="warning"], QFrame#banner[kind="error"] { background: @warningGround; border: 1px solid @warningLine; }
QFrame#banner[kind="warning"] QLabel { color: @warningText; }
QFrame#banner[kind="error"] { background: @errorGround; border: 1px solid @error; }
QFrame#banner[kind="error"] QLabel { color: @errorText; }
QFrame#card { background: @panel; border: 1px solid @line; }
QFrame#dropZone { background: @bars; border: 1px dashed @controlOutline; }
QFrame#cardLine { background: @hairline; border: none; min-height: 1px; max-height: 1px; }
)";

}  // namespace

QString styleSheet(const Palette& p) {
    const QColor errorGround = mixed(p.panel, p.error, p.dark ? 0.16 : 0.08);
    const QColor errorText = contrastRatio(p.error, errorGround) >= 4.5
                                 ? p.error
                                 : mixed(p.error, p.dark ? Qt::white : Qt::black, 0.25);
    // Longer names first, so that @accent does not eat the beginning of @accentHover.
    const std::vector<std::pair<const char*, QColor>> colors = {
        {"@accentHover", mixed(p.accent, p.dark ? Qt::white : Qt::black, 0.12)},
        {"@accent", p.accent},
        {"@onAccent", p.onAccent},
        {"@window", p.window},
        {"@bars", p.bars},
        {"@panel", p.panel},
        {"@dockTitle", p.dockTitle},
        {"@readOut", p.readOut},
        {"@input", p.input},
        {"@line", p.line},
        {"@hairline", p.hairline},
        {"@controlOutline", p.controlOutline},
        {"@text", p.text},
        {"@secondaryText", p.secondaryText},
        {"@disabledText", p.disabledText},
        {"@selectedRow", p.selectedRow},
        {"@selectedText", p.selectedText},
        {"@hoveredRow", p.hoveredRow},
        {"@scroll", mixed(p.panel, p.controlOutline, 0.55)},
        {"@warningGround", p.warningGround},
        {"@warningLine", p.warningLine},
        {"@warningText", p.warningText},
        {"@errorGround", errorGround},
        {"@errorText", errorText},
        {"@error", p.error},
    };
    QString sheet = QString::fromLatin1(kSheet);
    for (const auto& [name, color] : colors) sheet.replace(QLatin1String(name), color.name());
    sheet.replace("@icons", p.dark ? ":/attention-viz/dark" : ":/attention-viz/light");
    return sheet;
}

}  // namespace attnviz::ui
